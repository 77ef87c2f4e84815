"""Checks a record's place in its chain against Kafka itself: the tables are a copy, and a copy can be changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka import ConsumerRecord
from orjson import JSONDecodeError, loads

from hub.console.kafka_side import KafkaSide
from hub.ledger import GENESIS, record_hash
from hub.observe.trail import Recorded

BEFORE = 64
"""Offsets to look back for the record before: transactions leave markers between two."""


@dataclass(frozen=True, slots=True)
class Check:
    """What Kafka says of one record of the ledger."""

    at: str
    there: bool
    same_hash: bool = False
    """Whether its bytes have the hash that the tables hold."""
    names_the_one_before: bool = False
    named_by_the_next: bool | None = None
    """None: it is the last of its lane."""

    @property
    def holds(self) -> bool:
        """Whether neither it nor its neighbours can have been changed since."""
        return self.there and self.same_hash and self.names_the_one_before and self.named_by_the_next is not False


async def check_chain(kafka: KafkaSide, records: Sequence[Recorded]) -> list[Check]:
    """Each record held against its own bytes and its neighbours'; raises `Unavailable`."""
    return [await _check(kafka, record) for record in records]


async def _check(kafka: KafkaSide, record: Recorded) -> Check:
    place, offset = (record.at.topic, record.at.partition), record.at.offset
    found = await kafka.around(place, offset, before=BEFORE)
    return judged(record, found)


def judged(record: Recorded, found: Sequence[ConsumerRecord]) -> Check:
    """What records around its place say of it."""
    values: Mapping[int, bytes] = {each.offset: each.value or b"" for each in found}
    offset = record.at.offset
    if offset not in values:
        return Check(str(record.at), there=False)
    own = values[offset]
    before = max((other for other in values if other < offset), default=None)
    after = min((other for other in values if other > offset), default=None)
    return Check(
        str(record.at),
        there=True,
        same_hash=record_hash(own) == record.hash,
        names_the_one_before=_prev(own) == (GENESIS if before is None else record_hash(values[before])),
        named_by_the_next=None if after is None else _prev(values[after]) == record_hash(own),
    )


def _prev(value: bytes) -> str | None:
    try:
        named = loads(value)["prev"]
    except (JSONDecodeError, KeyError, TypeError):
        return None
    return named if isinstance(named, str) else None
