"""Hostile records among the load."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer

from tests.faults.campaign import Campaign
from tests.faults.ground import Ground
from tests.faults.hostile import BAD_HEADER_NAME, HUGE, Hostile, at_the_limit, corpus
from tests.faults.journal import Sent
from tests.faults.nemeses.registry import named

AT_A_TIME = 60


@named("hostile records among the others")
async def hostile(campaign: Campaign) -> None:
    """The whole corpus, some at a time; what is as large as an event may be goes with the load, and is delivered."""
    ground, journal = campaign.ground, campaign.journal
    seed = campaign.rng.getrandbits(32)
    records = await asyncio.to_thread(corpus, ground.settings, seed=seed, without=ground.load.topic)
    campaign.rng.shuffle(records)
    for start in range(0, len(records), AT_A_TIME):
        campaign.struck()
        await asyncio.to_thread(publish, ground, records[start : start + AT_A_TIME])
    client = ground.root.kafka_client()
    async with AIOKafkaProducer(**client, acks="all", enable_idempotence=True) as producer:
        for event in at_the_limit(ground.load):
            await producer.send_and_wait(ground.load.topic, event.value, key=event.key, headers=event.headers)
            journal.acknowledged.append(Sent(event.event_id))
            journal.step_of[event.event_id] = journal.step
            journal.sends += 1
    await asyncio.to_thread(_bad_header_name, client, ground.names.inbound[0])
    journal.hostile += len(records) + 1


def publish(ground: Ground, records: Sequence[Hostile]) -> None:
    """Send records as they are: librdkafka takes one without key and value, which aiokafka refuses to send."""
    failed: list[str] = []
    arguments = {**ground.root.kafka_admin(), "enable.idempotence": True, "message.max.bytes": 2 * HUGE}
    producer = Producer({**arguments, "log_level": 0})
    for record in records:
        producer.produce(
            record.topic,
            record.value,
            record.key,
            headers=record.headers,
            on_delivery=lambda error, _: failed.append(error.name()) if error is not None else None,
        )
    left = producer.flush(60)
    if failed or left:
        raise AssertionError(f"{left} hostile records were not sent, {len(failed)} failed: {failed[:3]}")


def _bad_header_name(client: dict, topic: str) -> None:
    command = [sys.executable, "-c", BAD_HEADER_NAME, json.dumps(client), topic]
    subprocess.run(command, env=os.environ | {"AIOKAFKA_NO_EXTENSIONS": "1"}, check=True, timeout=60)
