"""The measurement as a whole: what is run, in which order, and what is printed."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from hub.bench.copy import COPIES, GROUP
from hub.bench.ground import HUB, own_topics
from hub.bench.latency import Latency, bare_transactions, percentiles, through_the_hub
from hub.bench.load import Load, fill
from hub.bench.throughput import drain, end, start
from hub.names import Names
from hub.settings import Settings

COPY = ("hub.bench.copy",)
ROUNDS = 2
"""Latencies are measured in turn, twice, so that a machine that grows busy is busy for both."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figures:
    """What `dolen bench --json` prints."""

    events: int
    workers: int
    pipeline_events_per_s: float
    copy_events_per_s: float
    ratio: float
    latency_ms: Latency
    bare_transaction_ms: Latency
    cpu_s_per_1000: float
    peak_rss_mib: float

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


async def measure(settings: Settings, *, events: int, latency_s: float, seed: int, workers: int, say: Say) -> Figures:
    """Measure on topics of its own, which are removed afterwards; needs a running stack."""
    say("making topics")
    async with own_topics(settings, also=COPIES) as bench:
        load = Load(bench, seed=seed)
        say(f"writing {events:,} events")
        await fill(bench, load, events)
        say("copying them")
        copied = await drain(COPY, bench, group=bench.topic_prefix + GROUP, topic=load.topic)
        say("taking them through the hub")
        piped = await drain(HUB, bench, group=Names(bench.topic_prefix).group, topic=load.topic, processes=workers)
        say("measuring latency")
        hub_ms, bare_ms = await _latencies(bench, load, latency_s)
    return Figures(
        events=events,
        workers=workers,
        pipeline_events_per_s=round(piped.events_per_s),
        copy_events_per_s=round(copied.events_per_s),
        ratio=round(piped.events_per_s / copied.events_per_s, 3),
        latency_ms=percentiles(hub_ms),
        bare_transaction_ms=percentiles(bare_ms),
        cpu_s_per_1000=round(piped.cpu_s_per_1000, 4),
        peak_rss_mib=round(piped.peak_rss_mib, 1),
    )


async def _latencies(settings: Settings, load: Load, seconds: float) -> tuple[list[float], list[float]]:
    hub_ms: list[float] = []
    bare_ms: list[float] = []
    process = start(HUB, settings)
    try:
        await through_the_hub(settings, load, 3)  # it has to take its lanes over first
        await asyncio.sleep(2)
        await through_the_hub(settings, load, 2)
        for _ in range(ROUNDS):
            bare_ms += await bare_transactions(settings, seconds / ROUNDS)
            hub_ms += await through_the_hub(settings, load, seconds / ROUNDS)
    finally:
        end(process)
    return hub_ms, bare_ms
