"""The measurement as a whole: what is run, in which order, and what is printed."""

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient, NewTopic

from hub.bench.copy import COPIES, GROUP, as_administrator
from hub.bench.latency import Latency, bare_transactions, percentiles, through_the_hub
from hub.bench.load import Load, fill
from hub.bench.throughput import drain, end, start
from hub.names import Names
from hub.provision import provision_network
from hub.settings import Settings, load_settings

HUB = ("hub", "run", "hub")
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
    async with _own_topics(settings) as bench:
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


@contextlib.asynccontextmanager
async def _own_topics(settings: Settings) -> AsyncIterator[Settings]:
    """Settings of a hub beside the real one, with a state directory, names and users of its own."""
    prefix = f"bench-{secrets.token_hex(3)}."
    with tempfile.TemporaryDirectory(prefix="dolen-bench-") as directory:
        state = Path(directory)
        shutil.copy(settings.state_dir / "dolen.toml", state)
        own = load_settings(state_dir=state, network=settings.network.resolve(), topic_prefix=prefix)
        await asyncio.to_thread(provision_network, own)
        own = as_administrator(own)
        admin = AdminClient(own.kafka_admin())
        await _settled(admin.create_topics([NewTopic(prefix + name, own.lanes, 1) for name in COPIES]))
        try:
            yield own
        finally:
            topics = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
            await _settled(admin.delete_topics(topics))


async def _settled(asked: Mapping[str, Any]) -> None:
    for answer in asked.values():
        await asyncio.to_thread(answer.result)
