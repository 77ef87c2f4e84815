"""What the stages see of a Kafka record, and where it stood."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Record(Protocol):
    """One inbound record, raw: aiokafka's `ConsumerRecord` has this shape."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Broker time (LogAppendTime) in milliseconds since 1970."""
        ...

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Coordinates(NamedTuple):
    """Where a record stands: the name that Kafka gives it."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Output(NamedTuple):
    """One record that the hub is about to write, to the partition number that its input came from."""

    topic: str
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]
