"""Events a second, measured by what the group has committed, for the hub and for the copier alike."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hub.bench.process import cpu_seconds, peak_rss_mib
from hub.errors import DolenError, Unavailable
from hub.offsets import Offsets
from hub.settings import Settings

POLL_S = 0.02
GIVE_UP_S = 1800.0


@dataclass(frozen=True, slots=True)
class Throughput:
    """One drain of the topic; memory is that of the largest process."""

    events_per_s: float
    cpu_s_per_1000: float
    peak_rss_mib: float


async def drain(
    command: Sequence[str], settings: Settings, *, group: str, topic: str, processes: int = 1
) -> Throughput:
    """Start `command` so many times, and measure it from the first commit to the last."""
    places = [(topic, lane) for lane in range(settings.lanes)]
    offsets = Offsets(settings.kafka_admin(), group=group, inbound=places)
    total = sum((await offsets.ends(places)).values())
    started = [start(command, settings) for _ in range(processes)]
    try:
        done = 0
        while not done:
            with contextlib.suppress(Unavailable):  # a new group's coordinator takes its time
                done = await _committed(offsets, started)
        first, began, cpu = done, time.monotonic(), _cpu(started)
        while done < total:
            if time.monotonic() - began > GIVE_UP_S:
                raise DolenError(f"after {GIVE_UP_S:.0f} s {total - done} of {total} events were not done")
            done = await _committed(offsets, started)
        seconds, cpu = time.monotonic() - began, _cpu(started) - cpu
        memory = max(peak_rss_mib(process.pid) for process in started)
        return Throughput((done - first) / seconds, cpu / (done - first) * 1000, memory)
    finally:
        for process in started:
            end(process)


def start(command: Sequence[str], settings: Settings) -> subprocess.Popen[bytes]:
    """A process with the same settings."""
    environment = {
        **os.environ,
        "DOLEN_STATE_DIR": str(settings.state_dir),
        "DOLEN_NETWORK": str(settings.network),
        "DOLEN_TOPIC_PREFIX": settings.topic_prefix,
        "DOLEN_LANES": str(settings.lanes),
    }
    if settings.database.url is not None:
        environment["DOLEN_DATABASE__URL"] = settings.database.url.get_secret_value()
    with (settings.state_dir / "bench.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", *command], env=environment, stdout=log, stderr=log)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop, and wait."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _committed(offsets: Offsets, started: Sequence[subprocess.Popen[bytes]]) -> int:
    await asyncio.sleep(POLL_S)
    for process in started:
        if process.poll() is not None:
            raise DolenError(
                f"the measured process ended with {process.returncode}: see bench.log in the state directory"
            )
    return sum((await offsets.committed()).values())


def _cpu(started: Sequence[subprocess.Popen[bytes]]) -> float:
    return sum(cpu_seconds(process.pid) for process in started)
