"""Reads the topics of a hub with librdkafka: another client than the hub's, so that neither's faults hide the other's.

A picture is taken in this order: how far the hub has committed; where the outputs end, and a wait until nothing before
that is undecided; where ledger and dead letters end. So every output that is read has its ledger record among what is
read, however much the hub is working meanwhile.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from hub.audit.source import Headers, Place, Record
from hub.errors import Unavailable
from hub.names import Names
from hub.settings import Settings

TIMEOUT_S = 20.0
UNDECIDED_S = 90.0
"""How long a transaction may stay undecided: longer than the hub's transactions live."""
OFFSETS_LATER_S = 10.0
"""How long the offsets of a transaction may be decided after its records."""
AT_ONCE = 500
QUEUE_KIB = 4096
"""What the client may hold of one partition."""

Offsets = dict[Place, int]


class KafkaSource:
    """A hub's topics as they were when this was made."""

    def __init__(self, settings: Settings) -> None:
        self._lanes = settings.lanes
        self._names = names = Names(settings.topic_prefix)
        # Neither joins the group whose id it has, nor commits. Uncommitted: the offsets that are decided, at once.
        no_member = {**settings.kafka_admin(), "log_level": 0, "group.id": names.group, "enable.auto.commit": False}
        self._group = Consumer({**no_member, "isolation.level": "read_uncommitted"})
        self._topics = {
            name: partitions for name, partitions in self._all_topics().items() if name.startswith(names.prefix)
        }
        self._consumer = Consumer(
            {
                **no_member,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 10,  # an end is told by an answer without records
                "queued.max.messages.kbytes": QUEUE_KIB,
                "fetch.max.bytes": 16 * 1024 * 1024,
            }
        )
        self._consumer.list_topics(timeout=TIMEOUT_S)  # else it asks for each topic when it comes to it, a second each
        self._take_picture()

    @property
    def lanes(self) -> int:
        return self._lanes

    def topics(self) -> Mapping[str, int]:
        return self._topics

    def first(self, place: Place) -> int:
        return self._first.get(place, 0)

    def end(self, place: Place) -> int:
        return self._ends.get(place, 0)

    def settled(self, place: Place) -> int:
        return self._settled.get(place, self.first(place))

    def passed(self, place: Place, offset: int) -> bool:
        until = time.monotonic() + OFFSETS_LATER_S
        while self._passed.get(place, 0) <= offset:
            if time.monotonic() > until or place in self._stuck:
                self._stuck.add(place)
                return False
            self._passed |= self._committed([place])
        return True

    def read(self, places: Iterable[Place]) -> Iterator[Record]:
        yield from self._read({place: self.first(place) for place in places if self.end(place) > self.first(place)})

    def record(self, place: Place, offset: int) -> Record | None:
        return next((found for found in self._read({place: offset}) if found.offset == offset), None)

    def close(self) -> None:
        """Let the connections go."""
        self._consumer.close()
        self._group.close()

    def _read(self, starts: Offsets) -> Iterator[Record]:
        """One reading at a time: the next one ends the one before."""
        if not starts:
            return
        try:
            self._consumer.assign([TopicPartition(*place, start) for place, start in starts.items()])
            yield from _until(self._consumer, {place: self.end(place) for place in starts})
        except KafkaException as failure:
            raise Unavailable(f"Kafka doesn't let itself be read ({failure.args[0].name()})") from None

    def _take_picture(self) -> None:
        names, lanes = self._names, range(self._lanes)
        inbound = [(topic, lane) for topic in names.inbound for lane in lanes]
        outputs = [
            (topic, lane)
            for topic, partitions in self._topics.items()
            for lane in range(partitions)
            if topic.startswith(f"{names.prefix}to.")
        ]
        kept = [(topic, lane) for topic in (names.ledger, names.dead_letters) for lane in lanes]
        inbound, kept = self._there(inbound), self._there(kept)
        self._settled = self._committed(inbound)
        self._passed = dict(self._settled)
        self._stuck: set[Place] = set()
        self._ends = self._offsets(outputs, OFFSET_END)
        self._wait_for(self._ends)
        self._ends |= self._offsets([*inbound, *kept], OFFSET_END)
        self._wait_for({place: self._ends[place] for place in kept})
        self._first = self._offsets([*inbound, *outputs, *kept], OFFSET_BEGINNING)

    def _there(self, places: Iterable[Place]) -> list[Place]:
        return [place for place in places if self._topics.get(place[0], 0) > place[1]]

    def _wait_for(self, ends: Offsets) -> None:
        until = time.monotonic() + UNDECIDED_S
        while True:
            stable = self._offsets(ends, OFFSET_END, of=self._consumer)
            undecided = [place for place, end in ends.items() if stable[place] < end]
            if not undecided:
                return
            if time.monotonic() > until:
                topic, lane = undecided[0]
                raise Unavailable(f"{topic}/{lane} holds a transaction that is not decided; see the runbook")
            time.sleep(0.1)

    def _all_topics(self) -> dict[str, int]:
        try:
            found = self._group.list_topics(timeout=TIMEOUT_S).topics
        except KafkaException as failure:
            raise Unavailable(f"Kafka doesn't tell its topics ({failure.args[0].name()})") from None
        return {name: len(topic.partitions) for name, topic in found.items()}

    def _committed(self, places: Iterable[Place]) -> Offsets:
        """The group's offsets by what is decided; a place that it never committed is left out.

        Asked of a consumer, since the AdminClient's own calls can end the process (see hub/offsets.py).
        """
        try:
            told = self._group.committed([TopicPartition(*place) for place in places], timeout=TIMEOUT_S)
        except KafkaException as failure:
            raise Unavailable(f"Kafka doesn't tell the hub's offsets ({failure.args[0].name()})") from None
        for place in told:
            if place.error is not None:
                raise Unavailable(f"Kafka doesn't tell the hub's offset in {place.topic} ({place.error.name()})")
        return {(place.topic, place.partition): place.offset for place in told if place.offset >= 0}

    def _offsets(self, places: Iterable[Place], which: int, of: Any = None) -> Offsets:
        """First or last offsets, as a reader of all records sees them, or the one that is given."""
        asked = [TopicPartition(*place, which) for place in places]
        if not asked:
            return {}
        try:
            told = (of or self._group).offsets_for_times(asked, timeout=TIMEOUT_S)
        except KafkaException as failure:
            raise Unavailable(f"Kafka doesn't tell its offsets ({failure.args[0].name()})") from None
        if any(place.error is not None or place.offset < 0 for place in told):
            raise Unavailable("Kafka doesn't tell an offset yet: a leader was elected a moment ago")
        return {(place.topic, place.partition): place.offset for place in told}


def _until(consumer: Any, ends: Offsets) -> Iterator[Record]:
    """Records before the ends. A partition's end is told by an event of its own: markers and gaps have no record."""
    left = dict(ends)
    last_heard = time.monotonic()
    while left:
        first = consumer.poll(1.0)  # `consume` alone would wait for as many as it was asked for
        for message in () if first is None else (first, *consumer.consume(AT_ONCE, timeout=0)):
            last_heard = time.monotonic()
            place = message.topic(), message.partition()
            error, offset = message.error(), message.offset()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            if error is None and offset < ends[place]:
                yield _record(message)
            if place in left and (offset if error is not None else offset + 1) >= left[place]:
                del left[place]
        if time.monotonic() - last_heard > UNDECIDED_S:
            raise Unavailable(f"Kafka doesn't let itself be read: nothing came for {UNDECIDED_S:.0f} s")


def _record(message: Any) -> Record:
    # confluent-kafka 2.16 fails without saying so on a header name that is not UTF-8: the error stays set, and the next
    # call that looks for one raises it. That is in `_made`, since Python's own fast paths don't look.
    try:
        return _made(message, tuple(message.headers() or ()))
    except SystemError:
        return _made(message, None)


def _made(message: Any, headers: Headers | None) -> Record:
    return Record(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        timestamp=message.timestamp()[1],
        key=message.key(),
        value=message.value(),
        headers=headers,
    )
