"""What no honest client would send, sent to a real broker: each record gets its dead letter, and the lane goes on."""

import asyncio
import json
import subprocess
import sys

import pytest
from aiokafka import AIOKafkaProducer

from hub.bench.load import SENDER, Load
from hub.ledger import LedgerEntry
from hub.provision import provision_network
from hub.scan import scan
from tests.faults.hostile import BAD_HEADER_NAME
from tests.rig import Rig

pytestmark = pytest.mark.connected


def test_hostile_records_get_dead_letters_and_those_behind_them_go_on(rig: Rig):
    rig.start()
    hostile = [
        (None, b"{}", []),
        (b"k", None, []),
        (b"\xff\xfe", b"\xff\xfe", [("x", b"\xff")]),
        (b"k", b"[" * 200_000, []),
        (b"k", b"x" * (10 * 1024 * 1024), []),
        (b"k", b"{}", [("h", b"v")] * 100_000),
        (b"k", b"{}", [("h", None)]),
        (b"k", b'{"sequence":' + b"9" * 1_000_000 + b"}", []),
        (b"k", b'{"id":1,"id":2}', [("dolen-signature", b"v1,nobody,00")]),
    ]

    async def send() -> list[LedgerEntry]:
        async with AIOKafkaProducer(
            **rig.root.kafka_client(), acks="all", max_request_size=11 * 1024 * 1024
        ) as producer:
            for key, value, headers in hostile:
                await producer.send_and_wait(rig.load.topic, value, key=key, headers=headers, partition=0)
            _send_bad_header_name(rig)
            for event in rig.load.events(20):
                await producer.send_and_wait(
                    rig.load.topic, event.value, key=event.key, headers=[*event.headers], partition=0
                )
        await rig.settled()
        ends = await rig.offsets().stable_ends([(rig.names.ledger, 0)])
        return [
            LedgerEntry.model_validate_json(record.value)
            async for records in scan(rig.root.kafka_client(), ends)
            for record in records
        ]

    entries = asyncio.run(send())
    refused, good = entries[: len(hostile) + 1], entries[len(hostile) + 1 :]
    assert {entry.outcome for entry in refused} == {"rejected"}
    assert all(entry.faults for entry in refused)
    assert "HUB-208" in {fault.code for fault in refused[-1].faults}
    assert {entry.outcome for entry in good} <= {"accepted", "duplicate"}
    assert len(good) == 20


def _send_bad_header_name(rig: Rig) -> None:
    command = [sys.executable, "-c", BAD_HEADER_NAME, json.dumps(rig.root.kafka_client()), rig.load.topic]
    subprocess.run(command, env=rig.environment | {"AIOKAFKA_NO_EXTENSIONS": "1"}, check=True, timeout=60)


def test_a_key_that_was_just_rotated_in_is_known_to_the_first_event_it_signs(rig: Rig):
    rig.start(DOLEN_POLICY_POLL_S="600")
    rig.working()
    provision_network(rig.settings, rotate=[SENDER])
    rig.load = Load(rig.settings, seed=8)

    async def send():
        await rig.publish(20)
        await rig.settled()
        return await rig.verdict()

    assert asyncio.run(send()).clean
