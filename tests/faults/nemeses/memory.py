"""A worker that can have no more memory."""

import asyncio
import contextlib
import resource
from pathlib import Path

from tests.faults.campaign import Campaign
from tests.faults.hostile import HUGE, Hostile
from tests.faults.nemeses.corpus import publish
from tests.faults.nemeses.registry import named


@named("out of memory")
async def no_memory(campaign: Campaign) -> None:
    """No new memory can be had for a while, and records come that need some: three of ten megabytes."""
    (worker,) = campaign.ground.living
    before = resource.prlimit(worker.pid, resource.RLIMIT_AS)
    resource.prlimit(worker.pid, resource.RLIMIT_AS, (_address_space(worker.pid), before[1]))
    campaign.struck()
    topic = campaign.ground.names.inbound[0]
    large = [Hostile(topic, bytes([number]), bytes(HUGE), []) for number in range(3)]
    await asyncio.to_thread(publish, campaign.ground, large)
    campaign.journal.hostile += len(large)
    await asyncio.sleep(campaign.rng.uniform(1.0, 3.0))
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(worker.pid, resource.RLIMIT_AS, before)


def _address_space(pid: int) -> int:
    """Bytes that a process has mapped."""
    return resource.getpagesize() * int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
