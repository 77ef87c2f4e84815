"""Clocks of workers that are an hour off, and jump."""

import asyncio

from tests.faults import faketime
from tests.faults.campaign import Campaign, NotHere
from tests.faults.nemeses.registry import named

HOUR_S = 3600


@named("clock of a worker an hour off, and jumping")
async def clock(campaign: Campaign) -> None:
    """A worker has all lanes whose clock is an hour ahead, then an hour behind, then somewhere between.

    Right while it starts: libfaketime moves the times that librdkafka's threads wait for, and not their waits, so that
    a worker that starts an hour ahead is an hour late (seen).
    """
    if faketime.library() is None:
        raise NotHere(faketime.REMEDY)
    ground = campaign.ground
    file = ground.state / "clock"
    faketime.turn(file, 0)
    (first,) = ground.living
    owned = ground.words("lane.owned")
    ground.start(**faketime.environment(file))
    await ground.working(1, after=owned)
    first.terminate()
    await asyncio.to_thread(first.wait, 30)
    for off in (HOUR_S, -HOUR_S, campaign.rng.uniform(-HOUR_S, HOUR_S), HOUR_S, 0):
        faketime.turn(file, off)
        campaign.struck()
        await asyncio.sleep(campaign.rng.uniform(1.5, 2.5))
    # The next fault meets a worker like any other. Killed: librdkafka's threads don't end under libfaketime (seen).
    owned = ground.words("lane.owned")
    faked = ground.living[0]
    ground.start()
    await ground.working(1, after=owned)
    faked.kill()
    faked.wait()
