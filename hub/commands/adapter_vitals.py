"""Decides how a process of adapters stands, from what each knew of itself at its last heartbeat."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from prometheus_client.core import Metric

from adapters.sdk.heartbeats import Pulse
from adapters.sdk.runtime import Running
from contracts.heartbeat import Heartbeat
from hub.settings import MetricsSettings
from hub.vitals.figures import (
    INBOX_OLDEST,
    LAST_LOOK,
    OUTBOX_OLDEST,
    SERVER_UP,
    Bounds,
    Server,
)
from hub.vitals.serving import vitals_served
from hub.vitals.sheet import Sheet
from hub.vitals.waiting import put_counts


@asynccontextmanager
async def adapters_watched(settings: MetricsSettings, running: Sequence[Running]) -> AsyncIterator[None]:
    """Serve while the body runs how these adapters are, where a port is set."""
    async with vitals_served(settings, lambda: AdapterVitals(running, stands_after_s=settings.stands_after_s)):
        yield


class AdapterVitals:
    """What is known of the adapters of one process."""

    def __init__(self, running: Sequence[Running], *, stands_after_s: float) -> None:
        self._running = {f"{each.credentials.agency}/{each.declaration.name}": each for each in running}
        self._stands_after_s = stands_after_s
        self._bounds = Bounds(0, frozenset(each.credentials.agency for each in running))
        self._systems: dict[str, str] = {}
        """Of adapters whose edge says it: why the system can't be reached, empty where it can."""

    async def look(self) -> None:
        """Have edges ask their systems; store and Kafka are asked by each heartbeat."""
        for name, each in self._running.items():
            away = await each.away()
            if away is not None:
                self._systems[name] = away

    def unready(self) -> Sequence[str]:
        """What an adapter lacks to do its work; one that lacks something keeps what it has."""
        return [f"{name}: {why}" for name, each in self._running.items() for why in self._lacks(name, each)]

    def standing(self) -> Sequence[str]:
        """The parts of adapters that have not come round, whatever there was for them to do."""
        return [
            f"{name}: {part} has not come round for {ago:.0f} s"
            for name, each in self._running.items()
            for part, ago in each.rounds.ago().items()
            if ago > self._stands_after_s
        ]

    def collect(self) -> Iterator[Metric]:
        """Its servers, and what waits of each agency's."""
        sheet = Sheet(self._bounds)
        pulses = [each.heartbeats.pulse for each in self._running.values()]
        beaten = [pulse for pulse in pulses if pulse is not None]
        if pulses and len(beaten) == len(pulses):
            sheet.put(LAST_LOOK, min(pulse.at for pulse in beaten) / 1000)
            sheet.put(SERVER_UP, all(pulse.heartbeat for pulse in beaten), Server.STORE)
            sheet.put(SERVER_UP, all(_reached_kafka(pulse) for pulse in beaten), Server.KAFKA)
        if self._systems:
            sheet.put(SERVER_UP, not any(self._systems.values()), Server.SYSTEM)
        for agency, beats in _by_agency(beaten).items():
            _put_agency(sheet, agency, beats)
        yield from sheet.metrics()

    def _lacks(self, name: str, each: Running) -> Iterator[str]:
        pulse = each.heartbeats.pulse
        if pulse is None:
            yield "it has not asked its store and Kafka yet"
        elif pulse.heartbeat is None:
            yield f"its store doesn't answer ({type(pulse.failure).__name__})"
        elif pulse.failure is not None:
            yield f"Kafka doesn't take its heartbeat ({type(pulse.failure).__name__})"
        if away := self._systems.get(name):
            yield away


def _reached_kafka(pulse: Pulse) -> bool:
    """Kafka was not asked where the store did not answer: then nothing is held against it."""
    return pulse.heartbeat is None or pulse.failure is None


def _by_agency(pulses: Sequence[Pulse]) -> dict[str, list[Heartbeat]]:
    found: dict[str, list[Heartbeat]] = defaultdict(list)
    for pulse in pulses:
        if pulse.heartbeat is not None:
            found[pulse.heartbeat.agency].append(pulse.heartbeat)
    return found


def _put_agency(sheet: Sheet, agency: str, beats: Sequence[Heartbeat]) -> None:
    put_counts(sheet, agency, beats)
    sheet.put(OUTBOX_OLDEST, max(beat.outbox_oldest_s or 0 for beat in beats), agency)
    sheet.put(INBOX_OLDEST, max(beat.inbox_oldest_s or 0 for beat in beats), agency)
