"""Reads from the ledger in Kafka what belongs to one id: its decisions, and what recipients answered."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from typing import Protocol

from hub.names import Names
from hub.observe.trail import (
    Answered,
    Form,
    LedgerReader,
    Query,
    Recorded,
    Trail,
    answered,
    by_identity,
    deliveries,
    identity,
    inbound,
)
from hub.offsets import Offsets
from hub.record import Record
from hub.scan import scan
from hub.settings import Settings


class Topics(Protocol):
    """Where topics can be read from their beginning to their stable end."""

    @property
    def lanes(self) -> int:
        """How many partitions every topic has."""
        ...

    def read(self, topic: str, lanes: Iterable[int]) -> AsyncIterator[Sequence[Record]]:
        """Committed records, some of one partition at a time, in its order."""
        ...


class KafkaTopics:
    """The topics of the hub that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        names = Names(settings.topic_prefix)
        self._offsets = Offsets(settings.kafka_admin(), group=names.group, inbound=())

    @property
    def lanes(self) -> int:
        """How many partitions every topic has."""
        return self._settings.lanes

    async def read(self, topic: str, lanes: Iterable[int]) -> AsyncIterator[Sequence[Record]]:
        """Committed records up to the end that each partition has now; raises `Unavailable`."""
        ends = await self._offsets.stable_ends((topic, lane) for lane in lanes)
        async for records in scan(self._settings.kafka_client(), ends):
            yield records


async def find(asked: Query, topics: Topics, names: Names) -> list[Trail]:
    """What is known of every event that the id names, in the order of their broker times; empty: nothing."""
    lanes = range(topics.lanes) if asked.lane is None else [lane for lane in [asked.lane] if lane < topics.lanes]
    hits = [hit for hit in await _ledger(topics, names, lanes, {asked.needle}) if asked.matches(hit.entry)]
    groups = by_identity(await _with_repeats(asked, hits, topics, names))
    told = deliveries(record for group in groups for record in group)
    answers = await _answers(topics, names, told)
    are_answers = {inbound(answer.recorded.entry) for answer in answers}
    return [
        Trail(group, tuple(answer for answer in answers if answer.delivery in deliveries(group)))
        for group in groups
        if not any(inbound(record.entry) in are_answers for record in group)
    ]


async def _ledger(topics: Topics, names: Names, lanes: Collection[int], needles: set[bytes]) -> list[Recorded]:
    if not needles or not lanes:
        return []
    reader = LedgerReader(needles)
    async for records in topics.read(names.ledger, lanes):
        reader.take(records)
    return reader.found()


async def _with_repeats(asked: Query, hits: list[Recorded], topics: Topics, names: Names) -> list[Recorded]:
    """The hits, and whatever else came under their identities: a repeat can stand in any lane."""
    wanted = {known for hit in hits if (known := identity(hit.entry)) is not None}
    if asked.form is Form.UUID and all(hit.entry.event.id == asked.text for hit in hits):
        return hits
    found = await _ledger(topics, names, range(topics.lanes), {event_id.encode() for _, event_id in wanted})
    nameless = [hit for hit in hits if identity(hit.entry) is None]
    return [*nameless, *(record for record in found if identity(record.entry) in wanted)]


async def _answers(topics: Topics, names: Names, told: Collection[str]) -> list[Answered]:
    """Receipts for the notifications in `told` that the hub accepted; others are no more than somebody's claim."""
    recorded = await _ledger(topics, names, range(topics.lanes), {delivery.encode() for delivery in told})
    found = [answer for record in recorded if (answer := answered(record)) is not None and answer.delivery in told]
    return sorted(found, key=lambda answer: answer.recorded.entry.at.time_ms)
