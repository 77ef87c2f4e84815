"""Clocks of workers that are an hour off, and jump."""

import asyncio

from tests.faults import faketime
from tests.faults.campaign import Campaign, NotHere
from tests.faults.nemeses.registry import named

HOUR_S = 3600


@named("clock of a worker an hour off, and jumping")
async def clock(campaign: Campaign) -> None:
    """A worker takes all lanes whose clock is an hour ahead, then an hour behind, then somewhere between."""
    if faketime.library() is None:
        raise NotHere(faketime.REMEDY)
    ground = campaign.ground
    file = ground.state / "clock"
    faketime.turn(file, HOUR_S)
    (first,) = ground.living
    owned = ground.words("lane.owned")
    ground.start(**faketime.environment(file))
    await ground.working(1, after=owned)
    first.terminate()
    await asyncio.to_thread(first.wait, 30)
    campaign.struck()
    for off in (-HOUR_S, campaign.rng.uniform(-HOUR_S, HOUR_S), HOUR_S, 0):
        await asyncio.sleep(campaign.rng.uniform(1.5, 2.5))
        faketime.turn(file, off)
        campaign.struck()
    # The next fault meets a worker like any other. Killed: librdkafka's threads don't end under libfaketime (seen).
    owned = ground.words("lane.owned")
    faked = ground.living[0]
    ground.start()
    await ground.working(1, after=owned)
    faked.kill()
    faked.wait()
