"""A broker that is killed or stopped."""

import asyncio
import signal

from tests.faults.campaign import Campaign
from tests.faults.nemeses.registry import SEEN_WITHIN_S, named, send, up
from tests.faults.wire import END_TXN, PRODUCE


@named("broker killed")
async def broker_killed(campaign: Campaign) -> None:
    """SIGKILL, then it starts on its old data."""
    send(campaign.stack.kafka, signal.SIGKILL)
    campaign.struck()
    await up(campaign, campaign.stack.kafka)


@named("broker killed at EndTxn")
async def broker_killed_at_end(campaign: Campaign) -> None:
    """SIGKILL 0 to 7 ms after an EndTxn came by."""
    await asyncio.wait_for(campaign.ground.wire.saw(END_TXN), SEEN_WITHIN_S)
    await asyncio.sleep(campaign.rng.uniform(0, 0.007))
    send(campaign.stack.kafka, signal.SIGKILL)
    campaign.struck(inside=max(1, len(campaign.ground.wire.open)))
    await up(campaign, campaign.stack.kafka)


@named("broker stopped and woken")
async def broker_stopped(campaign: Campaign) -> None:
    """SIGSTOP below the transaction time limit."""
    await asyncio.wait_for(campaign.ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
    send(campaign.stack.kafka, signal.SIGSTOP)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(1.0, 7.0))
    send(campaign.stack.kafka, signal.SIGCONT)


@named("broker stopped past the transaction limit")
async def broker_stopped_long(campaign: Campaign) -> None:
    """SIGSTOP above the transaction time limit (20 s here)."""
    await asyncio.wait_for(campaign.ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
    send(campaign.stack.kafka, signal.SIGSTOP)
    campaign.struck()
    await asyncio.sleep(22)
    send(campaign.stack.kafka, signal.SIGCONT)
