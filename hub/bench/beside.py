"""Measures the projector beside the hub: both work on the same events at the same time, on the same machine."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from subprocess import Popen

from sqlalchemy import Engine, func, select

from hub.bench.ground import HUB, own_topics
from hub.bench.load import Load, fill
from hub.bench.process import cpu_seconds
from hub.bench.tables import Say, own_database
from hub.bench.throughput import GIVE_UP_S, POLL_S, end, start
from hub.errors import DolenError
from hub.names import Names
from hub.offsets import Offsets
from hub.settings import Settings
from hub.store.database import connect, reading, writing
from hub.store.migrate import migrate
from hub.store.tables import positions

PROJECTOR = ("hub", "run", "projector")


@dataclass(frozen=True, slots=True)
class Beside:
    """What both did with the same events."""

    events: int
    hub_events_per_s: float
    projector_events_per_s: float
    ratio: float
    behind_at_the_end: int
    """Ledger records that the projector had not read when the hub was done."""
    caught_up_s: float
    """How long it then took to read them."""
    projector_cpu_s_per_1000: float


async def beside(settings: Settings, *, events: int, seed: int, say: Say) -> Beside:
    """Measure on topics and tables of its own, which are removed afterwards; needs a running stack."""
    say("making topics and tables")
    async with own_topics(settings) as bench:
        with own_database(bench) as own:
            engine = connect(own)
            try:
                with writing(engine) as connection:
                    migrate(connection)
                load = Load(own, seed=seed)
                say(f"writing {events:,} events")
                await fill(own, load, events)
                say("taking them through the hub and into the tables")
                return await _measured(own, engine, load, events)
            finally:
                engine.dispose()


async def _measured(settings: Settings, engine: Engine, load: Load, events: int) -> Beside:
    names = Names(settings.topic_prefix)
    places = [(load.topic, lane) for lane in range(settings.lanes)]
    offsets = Offsets(settings.kafka_admin(), group=names.group, inbound=places)
    hub, projector = (start(command, settings) for command in (HUB, PROJECTOR))
    try:
        by_hub, by_projector = _Pace(events), _Pace(events)
        behind = 0
        began = time.monotonic()
        while not (by_hub.done and by_projector.done):
            _check((hub, projector), began)
            await asyncio.sleep(POLL_S)
            if not by_hub.done:
                by_hub.see(sum((await offsets.committed()).values()))
                if by_hub.done:
                    behind = events - by_projector.count
            by_projector.see(await asyncio.to_thread(_projected, engine, names.ledger))
        cpu = cpu_seconds(projector.pid)
    finally:
        end(projector)
        end(hub)
    return Beside(
        events=events,
        hub_events_per_s=round(by_hub.per_s),
        projector_events_per_s=round(by_projector.per_s),
        ratio=round(by_projector.per_s / by_hub.per_s, 3),
        behind_at_the_end=behind,
        caught_up_s=round(max(0.0, by_projector.last_s - by_hub.last_s), 2),
        projector_cpu_s_per_1000=round(cpu / events * 1000, 4),
    )


class _Pace:
    """How fast something gets on, from the first that was seen of it to the last."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._first = (0, 0.0)
        self.count = 0
        self.last_s = 0.0

    def see(self, count: int) -> None:
        if count and not self._first[0]:
            self._first = (count, time.monotonic())
        if count > self.count:
            self.count, self.last_s = count, time.monotonic()

    @property
    def done(self) -> bool:
        return self.count >= self._total

    @property
    def per_s(self) -> float:
        return (self.count - self._first[0]) / max(self.last_s - self._first[1], POLL_S)


def _projected(engine: Engine, ledger: str) -> int:
    """How many records of the ledger are in the tables."""
    with reading(engine) as connection:
        taken = select(func.coalesce(func.sum(positions.c.taken), 0)).where(positions.c.topic == ledger)
        return int(connection.execute(taken).scalar_one())


def _check(started: Sequence["Popen[bytes]"], began: float) -> None:
    if any(process.poll() is not None for process in started):
        raise DolenError("a measured process ended: see bench.log in the state directory")
    if time.monotonic() - began > GIVE_UP_S:
        raise DolenError(f"after {GIVE_UP_S:.0f} s not all events were done")
