"""The measurement of the edges as a whole: what is run, in which order, on which stores."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from hub.bench.edges.agency import Place
from hub.bench.edges.bare import bare_store, drop_schemas
from hub.bench.edges.crossing import Both, Crossing, both_ways
from hub.bench.edges.waiting import Standing, few_and_many
from hub.bench.ground import HUB, own_topics
from hub.bench.latency import percentiles
from hub.bench.load import Load
from hub.bench.throughput import end, start
from hub.settings import Settings

Say = Callable[[str], None]
BARE_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class OnStore:
    """Both edges on one kind of store, and the bare write to it."""

    store: str
    edges: Both
    bare: Crossing


@dataclass(frozen=True, slots=True)
class EdgeFigures:
    """What `dolen bench adapters --json` prints."""

    events: int
    rate: float
    stores: Sequence[OnStore]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class InboxFigures:
    """What `dolen bench adapters --waiting N --json` prints."""

    store: str
    standings: Sequence[Standing]
    bare_per_s: float

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


async def measure_edges(
    settings: Settings, *, events: int, seconds: float, rate: float, seed: int, say: Say
) -> EdgeFigures:
    """Measure on SQLite, and on PostgreSQL where the stack has one, each with topics and a hub of its own."""
    stores = []
    for name in _stores(settings):
        async with own_topics(settings) as bench:
            place, load = _place(bench, name), Load(bench, seed=seed)
            try:
                say(f"{name}: out of the outbox, through the hub, into the inbox")
                edges = await _edges(bench, place, load, events=events, seconds=seconds, rate=rate)
                say(f"{name}: bare writes")
                bare = await asyncio.to_thread(_bare, place, load, events=events, seconds=seconds, rate=rate)
            finally:
                drop_schemas(place)
            stores.append(OnStore(name, edges, bare))
    return EdgeFigures(events, rate, stores)


async def measure_inbox(settings: Settings, *, waiting: int, seed: int, say: Say) -> InboxFigures:
    """Measure an inbox on SQLite in which so many wait."""
    async with own_topics(settings) as bench:
        place, load = _place(bench, "sqlite"), Load(bench, seed=seed)
        standings = await few_and_many(bench, place, load, waiting=waiting, say=say)
        with bare_store(place) as bare:
            per_s = await asyncio.to_thread(bare.per_s, list(islice(_values(load), BARE_ROWS)))
    return InboxFigures(place.name, standings, round(per_s))


async def _edges(settings: Settings, place: Place, load: Load, *, events: int, seconds: float, rate: float) -> Both:
    hub = start(HUB, settings)
    try:
        return await both_ways(settings, place, load, events=events, seconds=seconds, rate=rate)
    finally:
        end(hub)


def _bare(place: Place, load: Load, *, events: int, seconds: float, rate: float) -> Crossing:
    with bare_store(place) as bare:
        per_s = bare.per_s(list(islice(_values(load), events)))
        waited = bare.milliseconds(list(islice(_values(load), int(seconds * rate))), rate=rate)
    return Crossing(round(per_s), percentiles(waited).p99)


def _values(load: Load) -> Iterator[bytes]:
    while True:
        yield load.event().value


def _stores(settings: Settings) -> list[str]:
    return ["sqlite"] if settings.database.url is None else ["sqlite", "postgresql"]


def _place(settings: Settings, name: str) -> Place:
    if name == "sqlite":
        return Place(name, f"sqlite:///{settings.state_dir}/edge.db")
    assert settings.database.url is not None  # noqa: S101 - `_stores` named it
    return Place(name, settings.database.url.get_secret_value(), f"bench_{secrets.token_hex(4)}")
