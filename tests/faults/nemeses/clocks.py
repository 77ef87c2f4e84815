"""Clocks of workers that are an hour off, and jump."""

import asyncio

from tests.faults import faketime
from tests.faults.campaign import Campaign, NotHere
from tests.faults.ground import Ground
from tests.faults.nemeses.registry import named

HOUR_S = 3600
STARTS = 3


@named("clock of a worker an hour off, and jumping")
async def clock(campaign: Campaign) -> None:
    """A worker takes all lanes whose clock is an hour ahead, then an hour behind, then somewhere between."""
    if faketime.library() is None:
        raise NotHere(faketime.REMEDY)
    ground = campaign.ground
    file = ground.state / "clock"
    faketime.turn(file, HOUR_S)
    (first,) = ground.living
    await _taken_over(ground, **faketime.environment(file))
    first.terminate()
    await asyncio.to_thread(first.wait, 30)
    campaign.struck()
    for off in (-HOUR_S, campaign.rng.uniform(-HOUR_S, HOUR_S), HOUR_S, 0):
        await asyncio.sleep(campaign.rng.uniform(1.5, 2.5))
        faketime.turn(file, off)
        campaign.struck()
    # The next fault meets a worker like any other. Killed: librdkafka's threads don't end under libfaketime (seen).
    faked = ground.living[0]
    await _taken_over(ground)
    faked.kill()
    faked.wait()


async def _taken_over(ground: Ground, **environment: str) -> None:
    """Start a worker that takes over lanes; another where it is silent: under libfaketime a start can hang (seen)."""
    owned = ground.words("lane.owned")
    for _ in range(STARTS):
        worker = ground.start(**environment)
        try:
            return await ground.working(1, after=owned, within_s=60)
        except AssertionError:
            worker.kill()
            worker.wait()
    raise AssertionError(f"no worker took over a lane, {STARTS} were started:\n{ground.tail()}")
