"""Requests that are held, lost, repeated or overtaken, and connections that break or go silent."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from tests.faults.campaign import Campaign
from tests.faults.nemeses.registry import SEEN_WITHIN_S, named
from tests.faults.patience import REQUEST_S, patient
from tests.faults.wire import PRODUCE, TRANSACTIONAL, Request


async def _on_request(campaign: Campaign, api: int, hurt: Callable[[Request], Awaitable[None]], times: int) -> None:
    """Do `hurt` to the next `times` requests of a kind, some time apart."""
    wire = campaign.ground.wire
    for _ in range(times):
        done = asyncio.Event()

        async def rule(request: Request, done: asyncio.Event = done) -> None:
            if request.api != api or done.is_set() or campaign.rng.random() < 0.5:
                await request.send()
                return
            done.set()
            campaign.struck()
            await hurt(request)

        wire.rule = rule
        try:
            await asyncio.wait_for(done.wait(), patient(15))
        except TimeoutError:
            return
        finally:
            if wire.rule is rule:
                wire.rule = None
        await asyncio.sleep(campaign.rng.uniform(0.2, 0.8))
    wire.rule = None


async def _held(campaign: Campaign, api: int) -> None:
    """It arrives after its sender has given it up."""
    late: list[asyncio.Event] = []

    async def hold(request: Request) -> None:
        gone = asyncio.Event()
        late.append(gone)
        await asyncio.sleep(campaign.rng.choice((0.2, 1.0, patient(REQUEST_S) + 0.3, patient(REQUEST_S) + 1.5)))
        await request.send()
        gone.set()

    await _on_request(campaign, api, hold, times=4)
    await asyncio.gather(*(asyncio.wait_for(gone.wait(), patient(20)) for gone in late))


async def _dropped(campaign: Campaign, api: int) -> None:
    """It never arrives, and its connection is reset."""

    async def drop(request: Request) -> None:
        request.connection.reset()

    await _on_request(campaign, api, drop, times=4)


async def _unheard(campaign: Campaign, api: int) -> None:
    """It arrives, and the connection is reset before the answer."""

    async def send_and_reset(request: Request) -> None:
        await request.send()
        await asyncio.sleep(campaign.rng.choice((0, 0.002, 0.01)))
        request.connection.reset()

    await _on_request(campaign, api, send_and_reset, times=4)


async def _repeated(campaign: Campaign, api: int) -> None:
    """It arrives twice, one right after the other."""
    await _on_request(campaign, api, Request.twice, times=5)


async def _overtaken(campaign: Campaign, api: int) -> None:
    """It waits until a request of another connection, the next that comes, has gone by."""

    async def let_pass(request: Request) -> None:
        overtaking = asyncio.Event()

        async def rule(other: Request) -> None:
            await other.send()
            if other.connection is not request.connection:
                overtaking.set()

        campaign.ground.wire.rule = rule
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(overtaking.wait(), 2.5)
        await asyncio.sleep(campaign.rng.choice((0, 0.002, 0.02)))
        await request.send()

    await _on_request(campaign, api, let_pass, times=5)


_SHAPES = {"held": _held, "dropped": _dropped, "unheard": _unheard, "repeated": _repeated, "overtaken": _overtaken}

for _name, _key in TRANSACTIONAL.items():
    for _shape, _hurt in _SHAPES.items():
        named(f"{_name} {_shape}")(lambda campaign, hurt=_hurt, api=_key: hurt(campaign, api))


async def _start_hurt(campaign: Campaign, hurt: Callable[[Campaign, int], Awaitable[None]]) -> None:
    """InitProducerId is sent when lanes are taken over: so another worker comes meanwhile."""
    hurting = asyncio.create_task(hurt(campaign, TRANSACTIONAL["InitProducerId"]))
    campaign.ground.start()
    await hurting


for _shape, _hurt in _SHAPES.items():
    named(f"InitProducerId {_shape}")(lambda campaign, hurt=_hurt: _start_hurt(campaign, hurt))


@named("Kafka connections reset")
async def kafka_reset(campaign: Campaign) -> None:
    for _ in range(3):
        await asyncio.wait_for(campaign.ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
        campaign.struck()
        campaign.ground.wire.reset_all()
        await asyncio.sleep(campaign.rng.uniform(0.3, 1.0))


@named("Kafka half-open")
async def kafka_half_open(campaign: Campaign) -> None:
    await asyncio.wait_for(campaign.ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
    campaign.struck()
    campaign.ground.wire.silent(True)
    await asyncio.sleep(campaign.rng.uniform(1.0, 6.0))
    campaign.ground.wire.silent(False)


@named("Kafka byte by byte, and slow")
async def kafka_crumbs(campaign: Campaign) -> None:
    campaign.struck()
    campaign.ground.wire.crumbs, campaign.ground.wire.latency_s = True, 0.02
    await asyncio.sleep(2)
    campaign.ground.wire.crumbs, campaign.ground.wire.latency_s = False, 0.0
