"""A disk that is full."""

import asyncio
import os

from tests.faults.campaign import Campaign
from tests.faults.nemeses.registry import SEEN_WITHIN_S, named, up
from tests.faults.sites import SmallDisk
from tests.faults.wire import ADD_PARTITIONS

DIES_WITHIN_S = 20.0


@named("disk full under the broker", site="small disk")
async def disk_full(campaign: Campaign) -> None:
    """A file takes what is left; the broker stops dead at its next write, and starts when there is room again."""
    stack = campaign.stack
    assert isinstance(stack, SmallDisk)
    await asyncio.wait_for(campaign.ground.wire.saw(ADD_PARTITIONS), SEEN_WITHIN_S)
    await asyncio.to_thread(_fill, stack)
    campaign.struck()
    for _ in range(int(DIES_WITHIN_S / 0.1)):
        if not stack.kafka.alive:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(campaign.rng.uniform(0.0, 2.0))
    stack.ballast.unlink()
    await up(campaign, *([] if stack.kafka.alive else [stack.kafka]))


def _fill(stack: SmallDisk) -> None:
    """Take every free block."""
    with stack.ballast.open("wb") as file:
        free = os.statvfs(stack.ballast)
        os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail * free.f_frsize))
        try:
            while True:
                os.write(file.fileno(), b"\0" * 65536)
        except OSError:
            return
