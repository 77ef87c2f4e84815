"""The three requests of a transaction, as Kafka's second protocol for transactions has them (KIP-890, Kafka 4.0).

aiokafka has the first one's, where a client says beforehand which partitions it will write. In the second a partition's
leader takes it into the transaction with the records, and each transaction has an epoch of its own, so that no request
that comes late can end another. Schemas: Kafka's protocol guide, "The Messages".
"""

from typing import Any, ClassVar

from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.api import RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

Versions = dict[int, tuple[int, int]]
"""The oldest and newest version of each request that a broker takes, by API key."""

_TEXT, _TAGS = CompactString("utf-8"), ("tags", TaggedFields)


def _of_each_partition(*fields: tuple[str, Any]) -> tuple[str, Any]:
    """What a message says of each partition, by topic."""
    partitions = CompactArray(("partition", Int32), *fields, _TAGS)
    return "topics", CompactArray(("topic", _TEXT), ("partitions", partitions), _TAGS)


class _Request(RequestStruct):  # type: ignore[misc]
    """A request of one version, as a connection of aiokafka's wants it."""

    API_KEY: ClassVar[int] = -1
    API_VERSION: ClassVar[int] = -1
    RESPONSE_TYPE: ClassVar[type[Response]] = Response
    SCHEMA: ClassVar[Schema] = Schema()
    FLEXIBLE_VERSION: ClassVar[bool] = True

    def prepare(self, versions: Versions) -> "_Request":
        """Itself; raises where the broker doesn't know this version."""
        oldest, newest = versions.get(self.API_KEY, (0, -1))
        if not oldest <= self.API_VERSION <= newest:
            raise IncompatibleBrokerVersion(
                f"{type(self).__name__} needs version {self.API_VERSION}, the broker has {oldest} to {newest}: "
                "Dolen needs Kafka 4.0 or newer"
            )
        return self


class ProduceAnswer(Response):  # type: ignore[misc]
    """The error of each partition, and where its records went."""

    API_KEY, API_VERSION = 0, 12
    SCHEMA = Schema(
        _of_each_partition(
            ("error_code", Int16),
            ("offset", Int64),
            ("timestamp", Int64),
            ("log_start_offset", Int64),
            ("record_errors", CompactArray(("at", Int32), ("message", _TEXT), _TAGS)),
            ("message", _TEXT),
        ),
        ("throttle_time_ms", Int32),
        _TAGS,
    )


class Produce(_Request):
    """One record batch for each partition; its leader takes the partition into the transaction first."""

    API_KEY, API_VERSION, RESPONSE_TYPE = 0, 12, ProduceAnswer
    SCHEMA = Schema(
        ("transactional_id", _TEXT),
        ("acks", Int16),
        ("timeout_ms", Int32),
        _of_each_partition(("records", CompactBytes)),
        _TAGS,
    )


class TxnOffsetCommitAnswer(Response):  # type: ignore[misc]
    """The error of each partition."""

    API_KEY, API_VERSION = 28, 5
    SCHEMA = Schema(("throttle_time_ms", Int32), _of_each_partition(("error_code", Int16)), _TAGS)


class TxnOffsetCommit(_Request):
    """The group's next offsets, a part of the transaction."""

    API_KEY, API_VERSION, RESPONSE_TYPE = 28, 5, TxnOffsetCommitAnswer
    SCHEMA = Schema(
        ("transactional_id", _TEXT),
        ("group", _TEXT),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("generation", Int32),
        ("member", _TEXT),
        ("instance", _TEXT),
        _of_each_partition(("offset", Int64), ("leader_epoch", Int32), ("more", _TEXT)),
        _TAGS,
    )


class EndTxnAnswer(Response):  # type: ignore[misc]
    """Id and epoch of the producer in its next transaction."""

    API_KEY, API_VERSION = 26, 5
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        _TAGS,
    )


class EndTxn(_Request):
    """Commits the transaction, or aborts it."""

    API_KEY, API_VERSION, RESPONSE_TYPE = 26, 5, EndTxnAnswer
    SCHEMA = Schema(
        ("transactional_id", _TEXT),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("commits", Boolean),
        _TAGS,
    )
