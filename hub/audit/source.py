"""Where an audit reads: committed records of each partition, and how far the hub has got; here from memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

Place = tuple[str, int]
"""A topic and a partition number."""

Headers = tuple[tuple[str, bytes | None], ...]


class Record(NamedTuple):
    """One record as it stands in Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Broker time in milliseconds since 1970."""
    key: bytes | None
    value: bytes | None
    headers: Headers | None = ()
    """None: the reader could not read them, since a name is not UTF-8. It gives none of tens of thousands either."""

    @property
    def at(self) -> str:
        """Its coordinates, as people write them."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class Source(Protocol):
    """A picture of the topics: what is read twice is the same twice."""

    @property
    def lanes(self) -> int:
        """How many partitions every topic should have."""
        ...

    def topics(self) -> Mapping[str, int]:
        """Every topic there is, with its number of partitions."""
        ...

    def first(self, place: Place) -> int:
        """The first offset that is still kept."""
        ...

    def end(self, place: Place) -> int:
        """The offset after the last."""
        ...

    def settled(self, place: Place) -> int:
        """The hub's committed offset before anything else was looked at: all before it must have come out."""
        ...

    def passed(self, place: Place, offset: int) -> bool:
        """Whether the hub has committed past a record by now: nothing of what is behind that may have come out."""
        ...

    def read(self, places: Iterable[Place]) -> Iterator[Record]:
        """Committed records of these partitions, each partition in its order."""
        ...

    def record(self, place: Place, offset: int) -> Record | None:
        """One record, read again."""
        ...


class MemorySource:
    """Records in lists, all read by the hub: for tests, and for what is small."""

    def __init__(self, records: Iterable[Record], *, lanes: int, topics: Iterable[str] = ()) -> None:
        """`topics` are those that there are besides the records'."""
        self._lanes = lanes
        self._topics = dict.fromkeys(topics, lanes)
        self._places: dict[Place, list[Record]] = {}
        for record in records:
            self._topics.setdefault(record.topic, lanes)
            self._places.setdefault((record.topic, record.partition), []).append(record)
        self.committed: dict[Place, int] = {}
        """Where the hub has not read everything."""
        self.let_go: dict[Place, int] = {}
        """The first offset, where Kafka let go of what was before."""

    @property
    def lanes(self) -> int:
        return self._lanes

    def topics(self) -> Mapping[str, int]:
        return self._topics

    def first(self, place: Place) -> int:
        return self.let_go.get(place, 0)

    def end(self, place: Place) -> int:
        records = self._of(place)
        return records[-1].offset + 1 if records else self.first(place)

    def settled(self, place: Place) -> int:
        return self.committed.get(place, self.end(place))

    def passed(self, place: Place, offset: int) -> bool:
        return offset < self.settled(place)

    def read(self, places: Iterable[Place]) -> Iterator[Record]:
        for place in places:
            yield from self._of(place)

    def record(self, place: Place, offset: int) -> Record | None:
        return next((record for record in self._of(place) if record.offset == offset), None)

    def _of(self, place: Place) -> Sequence[Record]:
        return self._places.get(place, ())
