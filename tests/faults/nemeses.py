"""The faults: each is a coroutine that hurts a hub or its servers, says when it struck, and heals what it hurt."""

import asyncio
import contextlib
import resource
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

from redis import Redis as RedisClient
from redis.exceptions import RedisError

from hub.local import process
from hub.local.server import Server
from tests.faults.campaign import Campaign
from tests.faults.journal import Twin
from tests.faults.wire import ADD_PARTITIONS, END_TXN, TRANSACTIONAL, Request

Nemesis = Callable[[Campaign], Awaitable[None]]

NEMESES: dict[str, Nemesis] = {}
FAILPOINTS = {
    # whether a transaction is open there
    "before-claim": False,
    "after-claim": False,
    "begun": False,  # the client says so; the broker learns of it with the first partition
    "queued": False,
    "acknowledged": True,
    "before-offsets": True,
    "before-commit": True,
    "after-offsets": True,
    "after-commit": False,
}
SESSION_S = 1.5


def _named(name: str) -> Callable[[Nemesis], Nemesis]:
    def register(nemesis: Nemesis) -> Nemesis:
        NEMESES[name] = nemesis
        return nemesis

    return register


# -- the hub


@_named("hub killed")
async def hub_killed(campaign: Campaign) -> None:
    """SIGKILL at any time."""
    (worker,) = campaign.ground.living
    campaign.ground.start()  # a second takes over; the start of a process is no part of the fault
    await asyncio.sleep(campaign.rng.uniform(0.0, 3.0))
    _kill(campaign, worker)


async def _killed_at(campaign: Campaign, api: int) -> None:
    (worker,) = campaign.ground.living
    await asyncio.wait_for(campaign.ground.wire.saw(api), 30)
    await asyncio.sleep(campaign.rng.choice((0, 0, 0.001, 0.003, 0.007)))
    _kill(campaign, worker)
    campaign.ground.start()


for _api in ("AddPartitionsToTxn", "Produce", "TxnOffsetCommit", "EndTxn"):
    NEMESES[f"hub killed at {_api}"] = lambda campaign, api=TRANSACTIONAL[_api]: _killed_at(campaign, api)


async def _killed_in_step(campaign: Campaign, place: str) -> None:
    ground = campaign.ground
    doomed = ground.start(DOLEN_FAILPOINT=f"{place}:{campaign.rng.randint(1, 12)}")
    while doomed.poll() is None:
        await asyncio.sleep(0.005)
    if doomed.returncode != -signal.SIGKILL:
        raise AssertionError(f"the worker ended with {doomed.returncode}:\n{ground.tail()}")
    campaign.struck(inside=int(FAILPOINTS[place]))


for _place in FAILPOINTS:
    NEMESES[f"hub killed {_place}"] = lambda campaign, place=_place: _killed_in_step(campaign, place)


@_named("hub stopped and woken (zombie)")
async def zombie(campaign: Campaign) -> None:
    """SIGSTOP past the session while another takes its lanes; then it wakes in the middle of what it did."""
    ground = campaign.ground
    (sleeper,) = ground.living
    owned = ground.words("lane.owned")
    ground.start()
    await ground.working(1, after=owned)
    if campaign.rng.random() < 0.8:
        await asyncio.wait_for(ground.wire.saw(ADD_PARTITIONS), 30)
    sleeper.send_signal(signal.SIGSTOP)
    campaign.struck()
    await asyncio.sleep(SESSION_S + campaign.rng.uniform(1.0, 4.0))
    sleeper.send_signal(signal.SIGCONT)


async def _stopped_in_step(campaign: Campaign, place: str) -> None:
    ground = campaign.ground
    sleeper = ground.start(DOLEN_FAILPOINT=f"{place}:{campaign.rng.randint(1, 12)}:STOP")
    while not stopped(sleeper):
        await asyncio.sleep(0.01)
    campaign.struck(inside=int(FAILPOINTS[place]))
    await asyncio.sleep(SESSION_S + campaign.rng.uniform(1.0, 4.0))
    sleeper.send_signal(signal.SIGCONT)


for _place in ("before-offsets", "before-commit", "after-offsets"):
    NEMESES[f"zombie {_place}"] = lambda campaign, place=_place: _stopped_in_step(campaign, place)


@_named("two workers for the same lanes")
async def rogue(campaign: Campaign) -> None:
    """A worker that takes every lane without asking the group."""
    ground = campaign.ground
    owned = ground.words("lane.owned")
    second = ground.start("tests.faults.rogue")
    await ground.working(3, after=owned)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(1.0, 4.0))
    second.kill()


@_named("workers join and leave")
async def join_and_leave(campaign: Campaign) -> None:
    """Two more come, the oldest goes."""
    ground = campaign.ground
    (first,) = ground.living
    for _ in range(2):
        ground.start()
        await asyncio.sleep(campaign.rng.uniform(0.5, 2.5))
    campaign.struck()
    first.send_signal(signal.SIGTERM)
    await asyncio.to_thread(first.wait, 30)


@_named("out of file descriptors")
async def no_descriptors(campaign: Campaign) -> None:
    """Connections break, and no new one can be opened for a while."""
    (worker,) = campaign.ground.living
    before = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (8, before[1]))
    campaign.struck()
    campaign.ground.wire.reset_all()
    await asyncio.sleep(campaign.rng.uniform(1.0, 3.0))
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, before)


# -- the broker


@_named("broker killed")
async def broker_killed(campaign: Campaign) -> None:
    """SIGKILL, then it starts on its old data."""
    _signal(campaign.stack.kafka, signal.SIGKILL)
    campaign.struck()
    await _up(campaign, campaign.stack.kafka)


@_named("broker killed at EndTxn")
async def broker_killed_at_end(campaign: Campaign) -> None:
    """SIGKILL 0 to 7 ms after an EndTxn came by."""
    await asyncio.wait_for(campaign.ground.wire.saw(END_TXN), 30)
    await asyncio.sleep(campaign.rng.uniform(0, 0.007))
    _signal(campaign.stack.kafka, signal.SIGKILL)
    campaign.struck(inside=max(1, len(campaign.ground.wire.open)))
    await _up(campaign, campaign.stack.kafka)


@_named("broker stopped and woken")
async def broker_stopped(campaign: Campaign) -> None:
    """SIGSTOP below the transaction time limit."""
    await asyncio.wait_for(campaign.ground.wire.saw(ADD_PARTITIONS), 30)
    _signal(campaign.stack.kafka, signal.SIGSTOP)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(1.0, 7.0))
    _signal(campaign.stack.kafka, signal.SIGCONT)


@_named("broker stopped past the transaction limit")
async def broker_stopped_long(campaign: Campaign) -> None:
    """SIGSTOP above the transaction time limit (20 s here)."""
    await asyncio.wait_for(campaign.ground.wire.saw(ADD_PARTITIONS), 30)
    _signal(campaign.stack.kafka, signal.SIGSTOP)
    campaign.struck()
    await asyncio.sleep(22)
    _signal(campaign.stack.kafka, signal.SIGCONT)


# -- the wire


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
            await asyncio.wait_for(done.wait(), 15)
        except TimeoutError:
            return
        finally:
            wire.rule = None
        await asyncio.sleep(campaign.rng.uniform(0.2, 0.8))


async def _held(campaign: Campaign, api: int) -> None:
    """It arrives after its sender has given it up."""
    late: list[asyncio.Event] = []

    async def hold(request: Request) -> None:
        gone = asyncio.Event()
        late.append(gone)
        await asyncio.sleep(campaign.rng.choice((0.2, 1.0, 3.3, 4.5)))
        await request.send()
        gone.set()

    await _on_request(campaign, api, hold, times=2)
    await asyncio.gather(*(asyncio.wait_for(gone.wait(), 10) for gone in late))


async def _dropped(campaign: Campaign, api: int) -> None:
    """It never arrives, and its connection is reset."""

    async def drop(request: Request) -> None:
        request.connection.reset()

    await _on_request(campaign, api, drop, times=2)


async def _unheard(campaign: Campaign, api: int) -> None:
    """It arrives, and the connection is reset before the answer."""

    async def send_and_reset(request: Request) -> None:
        await request.send()
        await asyncio.sleep(campaign.rng.choice((0, 0.002, 0.01)))
        request.connection.reset()

    await _on_request(campaign, api, send_and_reset, times=2)


async def _repeated(campaign: Campaign, api: int) -> None:
    """It arrives twice, one right after the other."""
    await _on_request(campaign, api, Request.twice, times=3)


_SHAPES = {"held": _held, "dropped": _dropped, "unheard": _unheard, "repeated": _repeated}

for _name, _key in TRANSACTIONAL.items():
    for _shape, _hurt in _SHAPES.items():
        NEMESES[f"{_name} {_shape}"] = lambda campaign, hurt=_hurt, api=_key: hurt(campaign, api)


async def _start_hurt(campaign: Campaign, hurt: Callable[[Campaign, int], Awaitable[None]]) -> None:
    """InitProducerId is sent when lanes are taken over: so another worker comes meanwhile."""
    hurting = asyncio.create_task(hurt(campaign, TRANSACTIONAL["InitProducerId"]))
    campaign.ground.start()
    await hurting


for _shape, _hurt in _SHAPES.items():
    NEMESES[f"InitProducerId {_shape}"] = lambda campaign, hurt=_hurt: _start_hurt(campaign, hurt)


@_named("Kafka connections reset")
async def kafka_reset(campaign: Campaign) -> None:
    for _ in range(3):
        await asyncio.wait_for(campaign.ground.wire.saw(ADD_PARTITIONS), 30)
        campaign.struck()
        campaign.ground.wire.reset_all()
        await asyncio.sleep(campaign.rng.uniform(0.3, 1.0))


@_named("Kafka half-open")
async def kafka_half_open(campaign: Campaign) -> None:
    await asyncio.wait_for(campaign.ground.wire.saw(ADD_PARTITIONS), 30)
    campaign.struck()
    campaign.ground.wire.silent(True)
    await asyncio.sleep(campaign.rng.uniform(1.0, 6.0))
    campaign.ground.wire.silent(False)


@_named("Kafka byte by byte, and slow")
async def kafka_crumbs(campaign: Campaign) -> None:
    campaign.struck()
    campaign.ground.wire.crumbs, campaign.ground.wire.latency_s = True, 0.02
    await asyncio.sleep(2)
    campaign.ground.wire.crumbs, campaign.ground.wire.latency_s = False, 0.0


# -- Redis


@_named("Redis connections reset")
async def redis_reset(campaign: Campaign) -> None:
    for _ in range(3):
        campaign.struck()
        campaign.ground.pipe.reset_all()
        await asyncio.sleep(campaign.rng.uniform(0.3, 1.0))


@_named("Redis half-open")
async def redis_half_open(campaign: Campaign) -> None:
    campaign.struck()
    campaign.ground.pipe.silent(True)
    await asyncio.sleep(campaign.rng.uniform(1.0, 7.0))
    campaign.ground.pipe.silent(False)


@_named("Redis byte by byte, and slow")
async def redis_crumbs(campaign: Campaign) -> None:
    campaign.struck()
    campaign.ground.pipe.crumbs, campaign.ground.pipe.latency_s = True, 0.02
    await asyncio.sleep(2)
    campaign.ground.pipe.crumbs, campaign.ground.pipe.latency_s = False, 0.0


@_named("Redis emptied")
async def redis_flushed(campaign: Campaign) -> None:
    for _ in range(2):
        if campaign.rng.random() < 0.7:
            await asyncio.wait_for(campaign.ground.wire.saw(ADD_PARTITIONS), 30)
        campaign.struck()
        await asyncio.to_thread(_redis(campaign).flushall)
        await asyncio.sleep(campaign.rng.uniform(0.5, 1.5))


@_named("Redis killed")
async def redis_killed(campaign: Campaign) -> None:
    _signal(campaign.stack.redis, signal.SIGKILL)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(0.0, 2.0))
    await _up(campaign, campaign.stack.redis)


@_named("Redis stopped and woken")
async def redis_stopped(campaign: Campaign) -> None:
    _signal(campaign.stack.redis, signal.SIGSTOP)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(1.0, 7.0))
    _signal(campaign.stack.redis, signal.SIGCONT)


@_named("Redis back on an old snapshot")
async def redis_rolled_back(campaign: Campaign) -> None:
    """Its files are copied, it works on, is killed, and starts on the copy."""
    server = campaign.stack.redis
    old = Path(f"{server.home}.old")
    await asyncio.to_thread(_copied, server.home, old)
    await asyncio.sleep(campaign.rng.uniform(1.0, 3.0))
    _signal(server, signal.SIGKILL)
    campaign.struck()
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(_copied, old, server.home)
    await _up(campaign)


@_named("Redis out of memory")
async def redis_full(campaign: Campaign) -> None:
    client = _redis(campaign)
    campaign.struck()
    await asyncio.to_thread(client.config_set, "maxmemory", 1)
    await asyncio.sleep(campaign.rng.uniform(1.0, 3.0))
    await asyncio.to_thread(client.config_set, "maxmemory", 0)


@_named("false marks planted in Redis")
async def redis_forged(campaign: Campaign) -> None:
    """Random bytes, and true marks moved to other keys, where the hub's marks are and where they will be."""
    campaign.struck()
    await asyncio.to_thread(_plant, campaign)


def _plant(campaign: Campaign) -> None:
    client = _redis(campaign)
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


# -- what comes in, what is in force, and what the hub does not need


@_named("everything sent twice from two places")
async def twin(campaign: Campaign) -> None:
    other = Twin(campaign.ground.root, campaign.ground.load, campaign.journal)
    campaign.sender.twins.append(other.queue)
    campaign.struck()
    sending = asyncio.create_task(other.run(3))
    await asyncio.sleep(2.5)
    campaign.sender.twins.remove(other.queue)
    await sending


@_named("policy changed in mid-stream")
async def policy_changed(campaign: Campaign) -> None:
    changed = campaign.ground.words("rules.changed")
    campaign.struck()
    await asyncio.to_thread(campaign.ground.change_policy)
    for _ in range(100):
        if campaign.ground.words("rules.changed") > changed:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"no worker took the policy into force:\n{campaign.ground.tail()}")


@_named("PostgreSQL killed")
async def postgres_killed(campaign: Campaign) -> None:
    _signal(campaign.stack.postgres, signal.SIGKILL)
    campaign.struck()
    await _up(campaign, campaign.stack.postgres)


def _kill(campaign: Campaign, worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    campaign.struck()
    worker.wait()


def _signal(server: Server, number: signal.Signals) -> None:
    process.send(server.state.processes.get(server.name), number)


async def _up(campaign: Campaign, *killed: Server) -> None:
    """Start what was killed; a process that is only just dying would be taken for one that runs."""
    for server in killed:
        await asyncio.to_thread(server.kill)
    await asyncio.to_thread(campaign.stack.up)


def _redis(campaign: Campaign) -> RedisClient:
    return RedisClient.from_url(campaign.ground.redis_url, socket_timeout=10)


def stopped(worker: subprocess.Popen[bytes]) -> bool:
    """Whether a worker is held by SIGSTOP."""
    if worker.poll() is not None:
        raise AssertionError(f"the worker ended with {worker.returncode} before it could be stopped")
    return Path(f"/proc/{worker.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"


def _copied(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
