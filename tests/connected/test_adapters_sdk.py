"""An agency on a real broker: what it sends is signed and placed, what it receives is stored, then committed."""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from adapters.sdk.credentials import Credentials, credentials_path, load_credentials
from adapters.sdk.errors import NotAllowed, NotConnected
from adapters.sdk.outgoing import checked
from adapters.sdk.publisher import Publisher
from adapters.sdk.reader import look
from adapters.sdk.subscriber import Received, Store, Subscriber
from contracts.topics import Family
from hub.settings import Settings
from tests.rig import Rig

pytestmark = pytest.mark.connected

EXAMPLE = (
    Path(__file__).parents[2] / "contracts" / "examples" / "wales.child-protection.referrals.submitted.v1.json"
).read_bytes()
HOP = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def police(rig: Rig) -> Credentials:
    return load_credentials(credentials_path(rig.state, "south-wales-police"))


async def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


async def _write(
    settings: Settings, values: list[bytes], *, commit: bool = True, headers: list[tuple[str, bytes]]
) -> None:
    """As the hub writes to the police: one transaction."""
    producer = AIOKafkaProducer(**settings.kafka_client(), transactional_id=f"{settings.topic_prefix}dolen-lane-0")
    async with producer:
        await producer.begin_transaction()
        for value in values:
            topic = f"{settings.topic_prefix}to.south-wales-police.referrals.v1"
            await producer.send_and_wait(topic, value, key=b"k", partition=0, headers=headers)
        await (producer.commit_transaction() if commit else producer.abort_transaction())


def test_an_event_that_is_published_is_taken_and_its_receipt_comes_back(rig: Rig, police: Credentials) -> None:
    rig.start()
    event = checked(EXAMPLE)

    async def run() -> list[Received]:
        async with Publisher(police) as publisher:
            sent = await publisher.publish(
                event.value, family=event.family, subject=event.subject, traceparent=event.traceparent
            )
        assert sent.topic == f"{police.topic_prefix}referrals.v1"
        await rig.settled()
        return [received async for received in look(police)]

    (receipt,) = asyncio.run(run())
    assert b"receipts.accepted.v1" in receipt.value
    assert event.event_id.encode() in receipt.value


def test_many_in_flight_keep_their_order_and_each_learns_its_place(police: Credentials) -> None:
    event = checked(EXAMPLE)

    async def run() -> list[int]:
        async with Publisher(police) as publisher:
            waiting = [
                await publisher.send(event.value, family=event.family, subject=event.subject) for _ in range(500)
            ]
            return [sent.offset for sent in await asyncio.gather(*waiting)]

    offsets = asyncio.run(run())
    assert offsets == list(range(offsets[0], offsets[0] + 500))


def test_a_family_that_is_not_its_own_is_refused_and_the_next_event_goes_through(police: Credentials) -> None:
    event = checked(EXAMPLE)

    async def run() -> None:
        async with Publisher(police) as publisher:
            with pytest.raises(NotAllowed, match=r"conferences\.v1"):
                await publisher.publish(event.value, family=Family.CONFERENCES, subject=event.subject)
            await publisher.publish(event.value, family=event.family, subject=event.subject)

    asyncio.run(run())


def test_a_wrong_password_and_a_broker_that_is_away_are_told_apart_from_a_refusal(police: Credentials) -> None:
    async def run(credentials: Credentials) -> None:
        with pytest.raises(NotConnected):
            async with Publisher(credentials):
                pass

    asyncio.run(run(dataclasses.replace(police, password="wrong")))
    asyncio.run(run(dataclasses.replace(police, bootstrap_servers="127.0.0.1:1")))


def test_only_committed_records_arrive_and_their_headers_are_not_obeyed(rig: Rig, police: Credentials) -> None:
    stored: list[Received] = []

    async def store(records: Sequence[Received]) -> None:
        stored.extend(records)

    async def run() -> None:
        await _write(rig.settings, [b"first"], headers=[])
        await _write(rig.settings, [b"aborted"], commit=False, headers=[])
        hostile = [("reply_to", f"{police.topic_prefix}referrals.v1".encode()), ("x", b"\xff"), ("traceparent", HOP)]
        await _write(rig.settings, [b"second"], headers=hostile)
        async with Subscriber(police, store):
            await _until(lambda: len(stored) == 2)

    asyncio.run(run())
    assert [received.value for received in stored] == [b"first", b"second"]
    assert stored[1].traceparent == HOP


def test_what_was_stored_is_not_read_again_and_what_was_not_is(rig: Rig, police: Credentials) -> None:
    stored: list[bytes] = []
    tried: list[bytes] = []

    async def store(records: Sequence[Received]) -> None:
        stored.extend(received.value for received in records)

    async def fail(records: Sequence[Received]) -> None:
        tried.append(records[0].value)
        raise OSError

    async def reading(store: Store, done: Callable[[], bool]) -> None:
        async with Subscriber(police, store):
            await _until(done)

    async def run() -> None:
        await _write(rig.settings, [b"1", b"2"], headers=[])
        await reading(store, lambda: len(stored) == 2)
        await _write(rig.settings, [b"3", b"4"], headers=[])
        await reading(fail, lambda: len(tried) >= 2)
        await reading(store, lambda: len(stored) == 4)

    asyncio.run(run())
    assert stored == [b"1", b"2", b"3", b"4"]
    assert set(tried) == {b"3"}, "nothing passes a record that could not be stored"


def test_looking_takes_nothing(rig: Rig, police: Credentials) -> None:
    stored: list[bytes] = []

    async def store(records: Sequence[Received]) -> None:
        stored.extend(received.value for received in records)

    async def run() -> list[bytes]:
        await _write(rig.settings, [b"1", b"2", b"3"], headers=[])
        looked = [received.value async for received in look(police, last=2)]
        async with Subscriber(police, store):
            await _until(lambda: len(stored) == 3)
        return looked

    assert asyncio.run(run()) == [b"2", b"3"]
    assert stored == [b"1", b"2", b"3"]
