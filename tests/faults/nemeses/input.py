"""What comes in, what is in force, and what the hub does not need."""

import asyncio
import signal

from tests.faults.campaign import Campaign
from tests.faults.journal import Twin
from tests.faults.nemeses.registry import named, send, up


@named("everything sent twice from two places")
async def twin(campaign: Campaign) -> None:
    other = Twin(campaign.ground.root, campaign.ground.load, campaign.journal)
    campaign.sender.twins.append(other.queue)
    campaign.struck()
    sending = asyncio.create_task(other.run(3))
    await asyncio.sleep(2.5)
    campaign.sender.twins.remove(other.queue)
    await sending


@named("policy changed in mid-stream")
async def policy_changed(campaign: Campaign) -> None:
    changed = campaign.ground.words("rules.changed")
    campaign.struck()
    await asyncio.to_thread(campaign.ground.change_policy)
    for _ in range(100):
        if campaign.ground.words("rules.changed") > changed:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"no worker took the policy into force:\n{campaign.ground.tail()}")


@named("PostgreSQL killed")
async def postgres_killed(campaign: Campaign) -> None:
    send(campaign.stack.postgres, signal.SIGKILL)
    campaign.struck()
    await up(campaign, campaign.stack.postgres)
