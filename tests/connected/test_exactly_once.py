"""Every accepted event reaches each entitled recipient once, none another, in order: whatever dies in between."""

import asyncio
import random
import signal

import pytest
from redis import Redis as RedisClient

from hub.errors import Unavailable
from hub.kafka_admin import Cluster
from hub.local.stack import Stack
from hub.provision import administrator
from hub.record import Output
from hub.transactions import LaneProducer
from tests.faults.wire import ADD_PARTITIONS, END_TXN, PRODUCE, Request, Wire
from tests.rig import Rig, Verdict

pytestmark = [
    pytest.mark.connected,
    # aiokafka leaves sockets to a killed broker for the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def run(rig: Rig, *doing) -> Verdict:
    """Do all at once, wait until the hub has read everything, and hear the verdict."""

    async def everything() -> Verdict:
        await asyncio.gather(*doing)
        await rig.settled()
        return await rig.verdict()

    return asyncio.run(everything())


def clean(verdict: Verdict) -> bool:
    assert verdict.clean, verdict
    return verdict.accepted > 0


@pytest.mark.long
def test_two_workers_share_the_lanes_and_a_third_joins_in_mid_flight(rig):
    rig.start()
    rig.working()

    async def join_and_leave():
        await asyncio.sleep(1)
        second = rig.start()
        await asyncio.sleep(3)
        rig.start()
        await asyncio.sleep(2)
        second.send_signal(signal.SIGTERM)

    assert clean(run(rig, rig.publish(6000, rate=700), join_and_leave()))
    assert rig.workers[1].wait(20) == 0


@pytest.mark.long
def test_a_hub_killed_ten_times_under_load_loses_and_doubles_nothing(rig):
    rng = random.Random(11)

    async def kill_ten_times():
        for _ in range(10):
            worker = rig.start()
            before = rig.logs().count("lane.owned")
            while rig.logs().count("lane.owned") < before + 6:
                await asyncio.sleep(0.05)
            await asyncio.sleep(rng.uniform(0.0, 0.6))
            worker.kill()
            worker.wait()
        rig.start()

    assert clean(run(rig, rig.publish(12_000, rate=800), kill_ten_times()))


@pytest.mark.long
def test_a_hub_killed_at_each_named_step_does_that_batch_once(rig):
    async def kill_at_each():
        for place in ("before-claim", "after-claim", "before-offsets", "before-commit", "after-commit"):
            worker = rig.start(DOLEN_FAILPOINT=f"{place}:4")
            while worker.poll() is None:
                await asyncio.sleep(0.05)
            assert worker.returncode == -signal.SIGKILL
        rig.start()

    assert clean(run(rig, rig.publish(6000, rate=300), kill_at_each()))


@pytest.mark.long
def test_redis_flushed_in_mid_flight_lets_no_repeat_through(rig, servers):
    rig.start()
    rig.working()
    client = RedisClient.from_url(servers.endpoints.redis_url)

    async def flush():
        for _ in range(3):
            await asyncio.sleep(1)
            await asyncio.to_thread(client.flushall)

    assert clean(run(rig, rig.publish(4000, rate=800), flush()))
    assert rig.logs().count("seen.rebuilt") >= 3


@pytest.mark.long
def test_a_forged_mark_in_redis_suppresses_no_event(rig, servers):
    rig.start()
    rig.working(lanes=6)
    client = RedisClient.from_url(servers.endpoints.redis_url)

    planted = []

    async def plant():
        for _ in range(20):
            await asyncio.sleep(0.1)
            for key in client.scan_iter(match=f"{rig.names.redis}*:seen:*", count=500):
                client.set(key, b"\0" * 46)
                planted.append(key)

    verdict = run(rig, rig.publish(2000, rate=800), plant())
    assert planted
    assert "seen.foreign_marks" in rig.logs() or not verdict.doubled
    assert not verdict.lost
    assert not verdict.misdirected


@pytest.mark.long
def test_a_broker_killed_and_started_again_loses_nothing_that_it_acknowledged(rig, stack: Stack):
    rig.start()
    rig.working()

    async def kill_broker():
        await asyncio.sleep(1.5)
        stack.kafka.kill()
        await asyncio.to_thread(stack.up)

    assert clean(run(rig, rig.publish(3000, rate=600), kill_broker()))


def test_a_right_taken_away_inside_a_transaction_makes_the_lane_wait_and_loses_nothing(rig):
    rig.start()
    rig.working()
    cluster = Cluster(administrator(rig.settings))
    (write,) = [
        found
        for found in cluster.acls()
        if found.acl.operation == "WRITE" and found.acl.name == f"{rig.settings.topic_prefix}to."
    ]

    async def deny():
        await asyncio.sleep(1)
        await asyncio.to_thread(cluster.remove, [write])
        await asyncio.sleep(3)
        await asyncio.to_thread(cluster.allow, [write.acl])

    assert clean(run(rig, rig.publish(3000, rate=600), deny()))
    assert "waiting" in rig.logs()


def test_nothing_is_written_when_the_broker_refuses_one_partition_of_a_transaction(rig):
    """The transaction before may still be without its markers, and what is written then would be committed with it."""
    topics, asked = [rig.names.ledger, rig.load.topic], []  # the hub may read what comes in, not write it

    async def note(request: Request) -> None:
        asked.append(request.api)
        await request.send()

    async def refused() -> None:
        async with Wire(rig.settings.kafka.bootstrap_servers) as wire:
            own = rig.settings.model_copy(deep=True)
            own.kafka.bootstrap_servers = wire.address
            producer = LaneProducer(
                own.kafka_client(),
                transactional_id=rig.names.transactional_id(0),
                transaction_timeout_ms=own.transaction_timeout_ms,
                request_timeout_ms=own.request_timeout_ms,
            )
            await producer.fence()
            wire.rule = note
            await producer.begin(topics, 0, rig.names.group)
            with pytest.raises(Unavailable):
                await producer.write([Output(topic, None, b"{}", []) for topic in topics], 0)
            await asyncio.sleep(0.5)
            await producer.throw_away()

    asyncio.run(refused())
    assert ADD_PARTITIONS in asked
    assert PRODUCE not in asked


@pytest.mark.long
def test_a_worker_stopped_past_its_session_and_woken_again_doubles_nothing(rig):
    zombie = rig.start()
    rig.working(lanes=6)

    async def sleep_and_wake():
        for _ in range(2):
            await asyncio.sleep(1)
            zombie.send_signal(signal.SIGSTOP)
            rig.start()
            await asyncio.sleep(6)
            zombie.send_signal(signal.SIGCONT)
            await asyncio.sleep(1)

    assert clean(run(rig, rig.publish(6000, rate=500), sleep_and_wake()))


def test_an_end_of_transaction_that_comes_late_commits_nothing_else(rig):
    held = []

    async def through_the_proxy() -> Verdict:
        async with Wire(rig.settings.kafka.bootstrap_servers) as wire:
            rng = random.Random(5)

            async def late(request: Request) -> None:
                if request.api == END_TXN and rng.random() < 0.15:
                    held.append(request.transactional_id)
                    await asyncio.sleep(rng.uniform(0.1, 2.0) if rng.random() < 0.5 else 7.0)
                await request.send()

            rig.start(DOLEN_KAFKA__BOOTSTRAP_SERVERS=wire.address)
            while rig.logs().count("lane.owned") < 6:
                await asyncio.sleep(0.05)
            wire.rule = late
            await rig.publish(3000, rate=500)
            await asyncio.sleep(2)
            wire.rule = None
            await rig.settled()
            return await rig.verdict()

    assert clean(asyncio.run(through_the_proxy()))
    assert len(held) > 5
