"""The inbox alone, with few notifications in it and with very many: stored and handled in a second, and memory."""

import asyncio
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.sdk.subscriber import BATCH, Received
from contracts.identity import delivery_id
from contracts.parties import agency_uri
from contracts.topics import outbound
from hub.bench.edges.agency import Agency, Place, assembled, until
from hub.bench.load import EVENTS_A_CHILD, RECIPIENTS, Load
from hub.bench.process import forget_peak, peak_rss_mib
from hub.settings import Settings

FEW = 10_000
HANDLED = 20_000
"""So many are given to the system of very many that wait."""
VIEW = "police"


@dataclass(frozen=True, slots=True)
class Standing:
    """An inbox with so many in it."""

    waiting: int
    stored_per_s: float
    handled_per_s: float
    peak_rss_mib: float


async def few_and_many(
    settings: Settings, place: Place, load: Load, *, waiting: int, say: Callable[[str], None]
) -> list[Standing]:
    """Measure with few and with `waiting`; no server is asked, and the answers stay in the outbox."""
    agency = assembled(settings, RECIPIENTS[0], place)
    records = _records(load, waiting)
    with agency.running.store:
        few = await _standing(agency, records, FEW, handled=FEW // 2, say=say)
        many = await _standing(agency, records, waiting - FEW, handled=HANDLED, say=say)
    return [few, many]


async def _standing(
    agency: Agency, records: Iterator[Received], more: int, *, handled: int, say: Callable[[str], None]
) -> Standing:
    forget_peak()
    inbox = agency.running.delivering.inbox  # not the one that notes what came: that would be in memory
    began, before = time.perf_counter(), 0
    for batch in _batches(itertools.islice(records, more)):
        await inbox.store(batch)
        before += len(batch)
        say(f"{before:,} of {more:,} are stored")
    stored_per_s = more / (time.perf_counter() - began)
    waiting = await _waiting(agency)
    say(f"handling {handled:,} of {waiting:,}")
    handled_per_s = await _handle(agency, handled)
    return Standing(waiting, round(stored_per_s), round(handled_per_s), round(peak_rss_mib(os.getpid()), 1))


async def _handle(agency: Agency, count: int) -> float:
    """Notifications a second, from the first try to the last outcome on disk."""
    stop, before, waited = asyncio.Event(), len(agency.system.had), await _waiting(agency)
    began = time.perf_counter()
    task = asyncio.create_task(agency.running.delivering.run(stop))
    await until(lambda: _had(agency, before + count))
    stop.set()
    await task
    return (waited - await _waiting(agency)) / (time.perf_counter() - began)


async def _had(agency: Agency, count: int) -> bool:
    return len(agency.system.had) >= count


async def _waiting(agency: Agency) -> int:
    return (await agency.running.store.read(agency.inbox.counts)).waiting


def _batches(records: Iterator[Received]) -> Iterator[Sequence[Received]]:
    """As many as the adapter takes from Kafka at once."""
    while batch := list(itertools.islice(records, BATCH)):
        yield batch


def _records(load: Load, count: int) -> Iterator[Received]:
    """What the hub would write to the agency: children in turn, each one's events in order.

    Nothing is kept of them here: the memory of this very process is measured.
    """
    recipient, topic = agency_uri(RECIPIENTS[0]), outbound(RECIPIENTS[0], "circumstances")
    children, made = max(1, count // EVENTS_A_CHILD), json.loads(load.event().value)
    for offset in range(count):
        before, child = divmod(offset, children)
        subject, origin = _uuid("child", child), _uuid("event", offset)
        event: dict[str, Any] = made | {
            "id": delivery_id(made["source"], origin, recipient),
            "subject": subject,
            "sequence": before + 1,
            "origin": origin,
            "recipient": recipient,
            "view": VIEW,
        }
        yield Received(topic, 0, offset, 0, subject.encode(), json.dumps(event).encode(), None)


def _uuid(of: str, number: int) -> str:
    return delivery_id(of, str(number), "")
