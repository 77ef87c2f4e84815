"""How fast and how soon an event crosses an edge: outbox to the hub's receipt, topic to the agency's system."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.sdk.arrival import Arrival, arrival
from adapters.sdk.declaration import Draft
from adapters.sdk.receipts import HubReceipt
from hub.bench.edges.agency import Agency, Place, at_work
from hub.bench.latency import percentiles
from hub.bench.load import EVENTS_A_CHILD, RECIPIENTS, SENDER, Load
from hub.settings import Settings

AT_ONCE = 256
"""So many callers wait for the outbox at a time."""
WARM = 50
"""Events that go first: the worker has to take its lanes over, and Kafka's clients have to find them."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """One edge: `p99_ms` at the rate of the measurement."""

    events_per_s: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Both:
    """The two edges of the same adapter runtime, at two agencies."""

    outbox_to_receipt: Crossing
    topic_to_delivered: Crossing


async def both_ways(settings: Settings, place: Place, load: Load, *, events: int, seconds: float, rate: float) -> Both:
    """Measure on a running hub: many events at once out, the same ones in, then both ends at a steady rate.

    The two agencies share two cores here: the one that is not measured rests, till both ends are.
    """
    warm, many = drafts(load, WARM), drafts(load, events)
    few = drafts(load, int(seconds * rate))
    async with at_work(settings, SENDER, place) as sender:
        await _put_all(sender, warm)
        await sender.all_answered()
        out_per_s = await _outbox_to_receipt(sender, many)
    async with at_work(settings, RECIPIENTS[0], place.beside) as recipient:
        in_per_s = await _topic_to_delivered(recipient, WARM + events)
        await recipient.all_answered()
        async with at_work(settings, SENDER, place) as sender:
            await sender.all_handled(WARM + events)  # the recipient's answers: now there is nothing under way
            put = await _put_in_turn(sender, few, rate)
            await sender.all_answered()
            await recipient.all_handled(WARM + events + len(few))
    return Both(
        Crossing(round(out_per_s), percentiles(_until_receipt(sender, put)).p99),
        Crossing(round(in_per_s), percentiles(_until_delivered(recipient, WARM + events)).p99),
    )


def drafts(load: Load, count: int) -> list[Draft]:
    """Events of the load, as a translation makes them: ten a child, one child after the other in turn."""
    children = [load.child() for _ in range(max(1, count // EVENTS_A_CHILD))]
    return [_draft(load.event(child).value) for child in itertools.islice(itertools.cycle(children), count)]


def _draft(value: bytes) -> Draft:
    event = json.loads(value)
    return Draft(
        type=event["type"],
        reference=event["id"],
        subject=event["subject"],
        correlationid=event["correlationid"],
        time=datetime.fromisoformat(event["time"]),
        data=event["data"],
    )


async def _outbox_to_receipt(sender: Agency, many: Sequence[Draft]) -> float:
    began = time.time()
    await _put_all(sender, many)
    await sender.all_answered()
    return len(many) / (sender.inbox.stored[-1][0] - began)


async def _topic_to_delivered(recipient: Agency, count: int) -> float:
    await recipient.all_handled(count)
    assert recipient.inbox.began is not None  # noqa: S101 - so many were handled
    return count / (max(recipient.system.had.values()) - recipient.inbox.began)


async def _put_all(sender: Agency, events: Sequence[Draft]) -> None:
    left = iter(events)

    async def put() -> None:
        for draft in left:
            await sender.running.outbox.put(draft)

    await asyncio.gather(*(put() for _ in range(AT_ONCE)))


async def _put_in_turn(sender: Agency, events: Sequence[Draft], rate: float) -> dict[str, float]:
    """When each was given to the outbox, by its id."""
    at: dict[str, float] = {}
    began = time.time()

    async def put(draft: Draft) -> None:
        before = time.time()
        at[(await sender.running.outbox.put(draft)).event_id] = before

    async with asyncio.TaskGroup() as tasks:
        for tick, draft in enumerate(events):
            await asyncio.sleep(max(0.0, began + tick / rate - time.time()))
            tasks.create_task(put(draft))
    return at


def _until_receipt(sender: Agency, put: dict[str, float]) -> list[float]:
    return [
        (stored - put[came.event_id]) * 1000
        for stored, came, _ in _arrivals(sender)
        if isinstance(came, HubReceipt) and came.event_id in put
    ]


def _until_delivered(recipient: Agency, after: int) -> list[float]:
    """Of all but the first so many, which stood in the topic before the adapter began."""
    waited = [
        (recipient.system.had[came.delivery_id] * 1000 - topic_ms)
        for _, came, topic_ms in _arrivals(recipient)
        if isinstance(came, Arrival) and came.delivery_id in recipient.system.had
    ]
    return waited[after:]


def _arrivals(agency: Agency) -> Iterator[tuple[float, Arrival | HubReceipt, int]]:
    for stored, records in agency.inbox.stored:
        for record in records:
            yield stored, arrival(record), record.timestamp_ms
