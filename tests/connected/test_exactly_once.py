"""Every accepted event reaches each entitled recipient once, none another, in order: whatever dies in between."""

import asyncio
import random
import signal

import pytest
from aiokafka import TopicPartition
from redis import Redis as RedisClient

from hub.chain import last_value
from hub.errors import Unavailable
from hub.kafka_admin import Cluster
from hub.local.stack import Stack
from hub.provision import administrator
from hub.record import Output
from hub.transactions import LaneProducer
from tests.faults.wire import END_TXN, Request, Wire
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


def test_a_transaction_of_which_a_partition_is_refused_leaves_nothing_behind(rig):
    """The transaction before may still be without its markers: nothing of this one may be committed with it."""

    async def refused() -> bytes | None:
        producer = lane_producer(rig)
        await producer.fence()
        await committed(producer, rig, b"1")
        with pytest.raises(Unavailable):  # the hub may read what comes in, not write it
            await producer.write([Output(topic, None, b"2", []) for topic in (rig.names.ledger, rig.load.topic)], 0)
        return await left_behind(producer, rig)

    assert asyncio.run(refused()) == b"1"


def test_an_end_of_transaction_that_comes_again_does_not_end_the_next(rig):
    ends: list[Request] = []

    async def remember(request: Request) -> None:
        if request.api == END_TXN:
            ends.append(request)
        await request.send()

    async def again() -> bytes | None:
        async with Wire(rig.settings.kafka.bootstrap_servers) as wire:
            wire.rule = remember
            producer = lane_producer(rig, wire.address)
            await producer.fence()
            await committed(producer, rig, b"1")
            await producer.write([Output(rig.names.ledger, None, b"2", [])], 0)
            await wire.forward(ends[0], swallow=True)
            await asyncio.sleep(0.5)
            return await left_behind(producer, rig)

    assert asyncio.run(again()) == b"1"
    assert len(ends) == 1


@pytest.mark.long
def test_a_lane_outlives_its_last_epoch(rig):
    """Each transaction takes one of 32,767; then the broker gives another producer id."""

    async def many() -> tuple[int, bytes | None]:
        producer = lane_producer(rig)
        await producer.fence()
        first, done = producer._producer[0], 0
        while producer._producer[0] == first or done % 10:
            done += 1
            await committed(producer, rig, b"%d" % done)
        return done, await left_behind(producer, rig)

    done, last = asyncio.run(many())
    assert done > 32_000
    assert last == b"%d" % done


def lane_producer(rig: Rig, brokers: str | None = None) -> LaneProducer:
    """The producer of lane 0."""
    settings = rig.settings.model_copy(deep=True)
    settings.kafka.bootstrap_servers = brokers or settings.kafka.bootstrap_servers
    return LaneProducer(
        settings.kafka_client(),
        transactional_id=rig.names.transactional_id(0),
        transaction_timeout_ms=settings.transaction_timeout_ms,
        request_timeout_ms=settings.request_timeout_ms,
    )


async def committed(producer: LaneProducer, rig: Rig, value: bytes) -> None:
    """Write a record to the ledger, in a transaction of its own."""
    await producer.write([Output(rig.names.ledger, None, value, [])], 0)
    await producer.add_offsets({TopicPartition(rig.load.topic, 0): 0}, rig.names.group)
    await producer.commit()


async def left_behind(producer: LaneProducer, rig: Rig) -> bytes | None:
    """The last of the ledger that is committed, once the next producer of this lane has settled what was open."""
    await producer.throw_away()
    after = lane_producer(rig)
    await after.fence()
    await after.throw_away()
    return await last_value(rig.settings.kafka_client(), rig.names.ledger, 0)


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
