"""A disk that is full."""

import asyncio
import contextlib
from pathlib import Path

from tests.faults.campaign import Campaign
from tests.faults.nemeses.registry import SEEN_WITHIN_S, named, up
from tests.faults.sites import SmallDisk
from tests.faults.wire import PRODUCE

DIES_WITHIN_S = 20.0


@named("disk full under the broker", site="small disk")
async def disk_full(campaign: Campaign) -> None:
    """A file takes what is left; the broker stops dead at its next write, and starts when there is room again."""
    stack = campaign.stack
    assert isinstance(stack, SmallDisk)
    await asyncio.wait_for(campaign.ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
    await asyncio.to_thread(fill, stack.ballast)
    campaign.struck()
    for _ in range(int(DIES_WITHIN_S / 0.1)):
        if not stack.kafka.alive:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(campaign.rng.uniform(0.0, 2.0))
    stack.ballast.unlink()
    await up(campaign, *([] if stack.kafka.alive else [stack.kafka]))


def fill(ballast: Path) -> None:
    """Take every free block; whoever has its data there takes some of them meanwhile."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1024 * 1024))
    with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
