"""The only wiring: makes a worker out of settings and files; everything else is given its collaborators."""

import asyncio
import os
import signal
import socket
import tomllib
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from contracts.topics import DAY_MS, Family
from hub.backlog import Backlog
from hub.checkpoint import Checkpoints, load_checkpoint_key
from hub.errors import StartRefused, Unavailable
from hub.kafka_admin import Cluster
from hub.lane import Lane
from hub.names import Names
from hub.offsets import Offsets
from hub.rules import Rules, RulesFiles
from hub.seen import Seen, ask_redis
from hub.settings import Settings
from hub.vitals.figures import Bounds
from hub.vitals.meter import Meter
from hub.vitals.serving import vitals_served
from hub.vitals.worker import WorkerVitals
from hub.worker import Worker

log = structlog.get_logger("dolen.hub")


def make_worker(settings: Settings, registry: CollectorRegistry | None = None) -> Worker:
    """A worker for these settings; raises `StartRefused` or a contract error where a file is wrong.

    It counts in `registry`.
    """
    files = RulesFiles(settings, marks_secret=marks_secret(settings))
    names = files.current.names
    offsets = Offsets(settings.kafka_admin(), group=names.group, inbound=names.inbound_places(settings.lanes))
    meter = Meter(registry or CollectorRegistry())
    checkpoints = Checkpoints(settings.checkpoints, names=names, key=load_checkpoint_key(settings.checkpoint_key))
    worker_name = f"{socket.gethostname()}-{os.getpid()}"

    def make_lane(number: int) -> Lane:
        return Lane(
            number,
            settings=settings,
            rules=lambda: files.current,
            refresh=files.refresh,
            offsets=offsets,
            seen=Seen(
                settings.redis.url.get_secret_value(),
                prefix=f"{names.redis}{files.current.marks.name}:",
                window_ms=settings.seen_window_days * DAY_MS,
                timeout_s=settings.redis.timeout_s,
            ),
            output_topics=output_topics(files.current),
            worker=worker_name,
            meter=meter,
        )

    return Worker(settings=settings, files=files, make_lane=make_lane, keep_heads=checkpoints.keep)


async def run_hub(settings: Settings) -> None:
    """Run one worker until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.set_exception_handler(_unheard)
    registry = CollectorRegistry()
    worker = make_worker(settings, registry)
    async with vitals_served(settings.metrics, lambda: make_vitals(settings, worker), registry):
        await _topics_fit(settings, worker.rules, stop)
        await worker.run(stop)


def make_vitals(settings: Settings, worker: Worker) -> WorkerVitals:
    """What watches a worker, with Kafka clients of its own: what the lanes ask must not wait behind it."""
    names, url = worker.rules.names, settings.redis.url.get_secret_value()
    inbound = names.inbound_places(settings.lanes)
    return WorkerVitals(
        worker,
        backlog=Backlog(Offsets(settings.kafka_admin(), group=names.group, inbound=inbound), inbound=inbound),
        ask_redis=lambda: ask_redis(url, timeout_s=settings.redis.timeout_s),
        stands_after_s=settings.metrics.stands_after_s,
        bounds=Bounds(settings.lanes, frozenset(worker.rules.network.agencies)),
    )


def _unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # aiokafka leaves futures behind when a producer is thrown away; a traceback for each would say nothing more.
    log.warning("loop.unheard", error=type(context.get("exception")).__name__)


async def _topics_fit(settings: Settings, rules: Rules, stop: asyncio.Event) -> None:
    """Refuse to start on a topic that is missing or has another number of partitions; wait while Kafka is away."""
    wanted = (*rules.names.inbound, *output_topics(rules))
    while not stop.is_set():
        try:
            found = await asyncio.to_thread(Cluster(settings.kafka_admin()).topics)
        except Unavailable as away:
            log.warning("hub.waiting", reason=str(away))
            await asyncio.sleep(1)
            continue
        for topic in wanted:
            seen = found[topic].partitions if topic in found else 0
            if seen != settings.lanes:
                raise StartRefused(
                    f"topic {topic} must have {settings.lanes} partitions, as every topic of the hub; it has {seen}; "
                    "`dolen provision` makes what is missing, DOLEN_LANES says how many lanes there are"
                )
        return


def output_topics(rules: Rules) -> tuple[str, ...]:
    """All topics that lanes write and nobody else."""
    names: Names = rules.names
    agencies = sorted(rules.network.agencies)
    told = (names.outbound(agency, family) for agency in agencies for family in Family)
    return (*told, names.ledger, names.dead_letters)


def marks_secret(settings: Settings) -> bytes:
    """The hub's own secret for the marks in Redis, from `<state>/hub/hub.toml`, which `dolen provision` writes."""
    path = settings.state_dir / "hub" / "hub.toml"
    try:
        secret = tomllib.loads(path.read_text(encoding="utf-8"))["redis"]["marks_secret"]
    except (FileNotFoundError, tomllib.TOMLDecodeError, KeyError, TypeError):
        raise StartRefused(f"{path}: the hub's secret for Redis is missing; run `dolen provision`") from None
    return str(secret).encode()
