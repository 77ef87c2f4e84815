"""A notification counts as received once it is stored, and nothing in its headers is obeyed."""

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from faststream.kafka import KafkaBroker, TestKafkaBroker

from adapters.sdk import subscriber
from adapters.sdk.connection import kafka_broker
from adapters.sdk.credentials import Credentials
from adapters.sdk.subscriber import Received, Subscriber
from contracts.topics import outbound_topics

CREDENTIALS = Credentials("schools", "127.0.0.1:1", "schools", "", "", "schools-1", b"")
HOP = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TOPIC = "to.schools.notices.v1"


def _record(headers: tuple[tuple[str, bytes], ...]) -> ConsumerRecord:
    return ConsumerRecord(TOPIC, 0, 7, 1000, 1, b"k", b"v", None, 1, 1, headers)


async def _ignore(records: Sequence[Received]) -> None: ...


def _arguments(broker: KafkaBroker) -> dict[str, Any]:
    (only,) = broker.subscribers
    found: dict[str, Any] = dict(vars(only).get("_connection_args", getattr(only, "_connection_args", {})))
    return found


def test_it_reads_committed_records_from_the_first_and_commits_itself() -> None:
    arguments = _arguments(Subscriber(CREDENTIALS, _ignore).broker)
    assert arguments["isolation_level"] == "read_committed"
    assert arguments["auto_offset_reset"] == "earliest"
    assert arguments["enable_auto_commit"] is False
    assert arguments["max_poll_interval_ms"] >= 24 * 60 * 60 * 1000


def test_it_reads_every_topic_of_the_agency_under_the_prefix() -> None:
    (only,) = Subscriber(CREDENTIALS, _ignore, prefix="t.", group="mis").broker.subscribers
    assert getattr(only, "topic_names", None) == ["t." + topic for topic in outbound_topics("schools")]
    assert getattr(only, "group_id", None) == "t.schools.mis"


def test_a_reply_to_header_sends_nothing_anywhere() -> None:
    stored: list[Received] = []

    async def store(records: Sequence[Received]) -> None:
        stored.extend(records)

    async def run() -> list[str]:
        broker = Subscriber(CREDENTIALS, store).broker
        asked: list[str] = []

        async def elsewhere(message: bytes) -> None:
            asked.append("elsewhere")

        broker.subscriber("referrals.v1")(elsewhere)
        async with TestKafkaBroker(broker) as testing:
            await testing.publish(b"v", TOPIC, key=b"k", headers={"reply_to": "referrals.v1"})
        return asked

    assert asyncio.run(run()) == []
    assert [received.value for received in stored] == [b"v"]


@pytest.mark.parametrize("value", [b"\xff\xfe", b"", b"00-0-0-0", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01"])
def test_headers_of_any_bytes_are_read_past(value: bytes) -> None:
    seen = subscriber.received(_record((("traceparent", value), ("x", b"\xff"))))
    assert seen.traceparent is None
    assert seen.value == b"v"


def test_the_hop_is_handed_on() -> None:
    assert subscriber.received(_record((("x", b"\xff"), ("traceparent", HOP)))).traceparent == HOP


def test_a_record_that_could_not_be_stored_is_stored_later_and_nothing_passes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subscriber, "FIRST_WAIT_S", 0.001)
    calls: list[int] = []

    async def store(records: Sequence[Received]) -> None:
        calls.append(records[0].offset)
        if len(calls) < 4:
            raise RuntimeError("a child's name")

    received = subscriber.received(_record(()))
    asyncio.run(Subscriber(CREDENTIALS, store)._stored([received]))
    assert calls == [7, 7, 7, 7]


def test_stopping_ends_the_tries_and_commits_nothing() -> None:
    async def store(records: Sequence[Received]) -> None:
        raise RuntimeError

    async def run() -> None:
        subject = Subscriber(CREDENTIALS, store)
        subject._stopping.set()
        with pytest.raises(RuntimeError):  # FastStream's NACK_ON_ERROR goes back to the record
            await subject._stored([subscriber.received(_record(()))])

    asyncio.run(run())


def test_what_an_agency_writes_is_acknowledged_by_every_replica_and_never_doubled() -> None:
    arguments = kafka_broker(dataclasses.replace(CREDENTIALS, bootstrap_servers="a:1,b:2"))._connection_kwargs
    assert arguments["acks"] == "all"
    assert arguments["enable_idempotence"] is True
    assert arguments["bootstrap_servers"] == ["a:1", "b:2"]
    assert arguments["sasl_mechanism"] == "SCRAM-SHA-512"
    assert arguments["security_protocol"] == "SASL_PLAINTEXT"
