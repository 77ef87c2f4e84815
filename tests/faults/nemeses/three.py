"""One and two of three brokers killed, stopped or cut off; afterwards nothing may be left undecided anywhere."""

import asyncio
import signal

from tests.faults.campaign import Campaign
from tests.faults.nemeses.registry import SEEN_WITHIN_S, named, send, up
from tests.faults.sites import NODES, Broker, ThreeBrokers
from tests.faults.wire import END_TXN, PRODUCE, TXN_OFFSET_COMMIT

SETTLED_WITHIN_S = 60.0


def _cluster(campaign: Campaign) -> ThreeBrokers:
    assert isinstance(campaign.stack, ThreeBrokers)
    return campaign.stack


async def _everything_decided(campaign: Campaign) -> None:
    """Wait until the last stable offset is the end of every partition that there is, or was begun meanwhile."""
    await campaign.ground.nothing_undecided(within_s=SETTLED_WITHIN_S)


@named("one of three brokers killed", site="three brokers")
async def one_killed(campaign: Campaign) -> None:
    cluster = _cluster(campaign)
    broker = campaign.rng.choice(cluster.brokers)
    await asyncio.wait_for(campaign.ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
    send(broker, signal.SIGKILL)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(0.0, 4.0))
    await up(campaign, broker)
    await _everything_decided(campaign)


async def _killed_at(campaign: Campaign, api: int) -> None:
    """The very broker that a request went to: the coordinator of the transaction, of the group, or a leader."""
    cluster, wire = _cluster(campaign), campaign.ground.wire
    await asyncio.wait_for(wire.saw(api), SEEN_WITHIN_S)
    broker = cluster.broker_at(wire.last_server)
    await asyncio.sleep(campaign.rng.uniform(0, 0.007))
    send(broker, signal.SIGKILL)
    campaign.struck(inside=max(1, len(wire.open)))
    await asyncio.sleep(campaign.rng.uniform(0.0, 3.0))
    await up(campaign, broker)
    await _everything_decided(campaign)


for _name, _api in {"EndTxn": END_TXN, "TxnOffsetCommit": TXN_OFFSET_COMMIT, "Produce": PRODUCE}.items():
    named(f"broker of three killed at {_name}", site="three brokers")(
        lambda campaign, api=_api: _killed_at(campaign, api)
    )


@named("one, then two of three brokers killed", site="three brokers")
async def two_killed(campaign: Campaign) -> None:
    """With one left, too few copies can be written: everything waits, and no majority elects a controller."""
    first, second = campaign.rng.sample(_cluster(campaign).brokers, 2)
    await asyncio.wait_for(campaign.ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
    send(first, signal.SIGKILL)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(0.5, 3.0))
    send(second, signal.SIGKILL)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(1.0, 4.0))
    await up(campaign, first, second)
    await _everything_decided(campaign)


@named("two of three brokers killed at once", site="three brokers")
async def two_at_once(campaign: Campaign) -> None:
    killed = campaign.rng.sample(_cluster(campaign).brokers, 2)
    await asyncio.wait_for(campaign.ground.wire.saw(END_TXN), SEEN_WITHIN_S)
    for broker in killed:
        send(broker, signal.SIGKILL)
    campaign.struck(inside=max(1, len(campaign.ground.wire.open)))
    await asyncio.sleep(campaign.rng.uniform(0.0, 3.0))
    await up(campaign, *killed)
    await _everything_decided(campaign)


@named("one of three brokers stopped and woken", site="three brokers")
async def one_stopped(campaign: Campaign) -> None:
    """A broker that the others have given up wakes, and believes that it still leads."""
    broker: Broker = campaign.rng.choice(_cluster(campaign).brokers)
    await asyncio.wait_for(campaign.ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
    send(broker, signal.SIGSTOP)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(2.0, 8.0))
    send(broker, signal.SIGCONT)
    await _everything_decided(campaign)


@named("the three brokers restarted in turn", site="three brokers")
async def in_turn(campaign: Campaign) -> None:
    """As an upgrade does it."""
    for number in range(len(NODES)):
        campaign.struck()
        await asyncio.to_thread(_cluster(campaign).brokers[number].stop)  # asked anew: `up` makes a new state
        await up(campaign)
        await _everything_decided(campaign)
