"""Redis emptied, gone, slow, full, back on old data, or written to by somebody else."""

import asyncio
import contextlib
import shutil
import signal
from pathlib import Path

from redis.exceptions import RedisError

from tests.faults.campaign import Campaign
from tests.faults.nemeses.registry import SEEN_WITHIN_S, named, redis_of, send, up
from tests.faults.wire import PRODUCE


@named("Redis connections reset")
async def redis_reset(campaign: Campaign) -> None:
    for _ in range(3):
        campaign.struck()
        campaign.ground.pipe.reset_all()
        await asyncio.sleep(campaign.rng.uniform(0.3, 1.0))


@named("Redis half-open")
async def redis_half_open(campaign: Campaign) -> None:
    campaign.struck()
    campaign.ground.pipe.silent(True)
    await asyncio.sleep(campaign.rng.uniform(1.0, 7.0))
    campaign.ground.pipe.silent(False)


@named("Redis byte by byte, and slow")
async def redis_crumbs(campaign: Campaign) -> None:
    campaign.struck()
    campaign.ground.pipe.crumbs, campaign.ground.pipe.latency_s = True, 0.02
    await asyncio.sleep(2)
    campaign.ground.pipe.crumbs, campaign.ground.pipe.latency_s = False, 0.0


@named("Redis emptied")
async def redis_flushed(campaign: Campaign) -> None:
    for _ in range(2):
        if campaign.rng.random() < 0.7:
            await asyncio.wait_for(campaign.ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
        campaign.struck()
        await asyncio.to_thread(redis_of(campaign).flushall)
        await asyncio.sleep(campaign.rng.uniform(0.5, 1.5))


@named("Redis killed")
async def redis_killed(campaign: Campaign) -> None:
    send(campaign.stack.redis, signal.SIGKILL)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(0.0, 2.0))
    await up(campaign, campaign.stack.redis)


@named("Redis stopped and woken")
async def redis_stopped(campaign: Campaign) -> None:
    send(campaign.stack.redis, signal.SIGSTOP)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(1.0, 7.0))
    send(campaign.stack.redis, signal.SIGCONT)


@named("Redis back on an old snapshot")
async def redis_rolled_back(campaign: Campaign) -> None:
    """Its files are copied, it works on, is killed, and starts on the copy."""
    server = campaign.stack.redis
    old = Path(f"{server.home}.old")
    await asyncio.to_thread(_copied, server.home, old)
    await asyncio.sleep(campaign.rng.uniform(1.0, 3.0))
    send(server, signal.SIGKILL)
    campaign.struck()
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(_copied, old, server.home)
    await up(campaign)


@named("Redis out of memory")
async def redis_full(campaign: Campaign) -> None:
    client = redis_of(campaign)
    campaign.struck()
    await asyncio.to_thread(client.config_set, "maxmemory", 1)
    await asyncio.sleep(campaign.rng.uniform(1.0, 3.0))
    await asyncio.to_thread(client.config_set, "maxmemory", 0)


@named("false marks planted in Redis")
async def redis_forged(campaign: Campaign) -> None:
    """Random bytes, and true marks moved to other keys, where the hub's marks are and where they will be."""
    campaign.struck()
    await asyncio.to_thread(_plant, campaign)


def _plant(campaign: Campaign) -> None:
    client = redis_of(campaign)
    with contextlib.suppress(RedisError):
        found = list(client.scan_iter(match=f"{campaign.ground.names.redis}*:seen:*", count=1000))
        campaign.rng.shuffle(found)
        prefix = found[0].rpartition(b":seen:")[0] + b":seen:" if found else b""
        moved = client.mget(found[:50]) if found else []
        for key, mark in zip(found[50:100], moved, strict=False):
            client.set(key, mark or b"\0" * 46)
        for key in found[100:150]:
            client.set(key, campaign.rng.randbytes(46))
        for _ in range(200):
            client.set(prefix + campaign.rng.randbytes(16), campaign.rng.randbytes(46))


def _copied(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
