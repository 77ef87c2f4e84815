"""The load of a measurement: signed events of about 1 KB with three recipients, one in ten a repeat."""

import base64
import json
import random
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from contracts.headers import SIGNATURE, sign
from contracts.topics import Family
from hub.names import Names
from hub.settings import Settings

TYPE = "wales.child-protection.circumstances.visit-missed.v1"
SENDER = "cardiff-social-services"
RECIPIENTS = ("south-wales-police", "cardiff-and-vale-health", "wales-probation")
REPEATS = 0.10
EVENTS_A_CHILD = 10
_SEQUENCE = '"sequence":0'


@dataclass(frozen=True, slots=True)
class Loaded:
    """One signed record, ready to be sent."""

    event_id: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Load:
    """Makes events of one type by filling ids into one JSON text."""

    def __init__(self, settings: Settings, *, seed: int) -> None:
        agency = tomllib.loads((settings.state_dir / "agencies" / f"{SENDER}.toml").read_text(encoding="utf-8"))
        self._key_id = agency["signing"]["key_id"]
        self._secret = base64.b64decode(agency["signing"]["secret"])
        self._random = random.Random(seed)  # noqa: S311 - a load, not a secret
        self._text, self._ids = _template()
        self._sequences: dict[str, int] = {}
        self.topic = Names(settings.topic_prefix).inbound[tuple(Family).index(Family.CIRCUMSTANCES)]

    def events(self, count: int) -> Iterator[Loaded]:
        """`count` events with repeats among them."""
        children = [self._uuid() for _ in range(max(1, count // EVENTS_A_CHILD))]
        recent: list[Loaded] = []
        for _ in range(count):
            if recent and self._random.random() < REPEATS:
                yield self._random.choice(recent)
                continue
            made = self.event(self._random.choice(children))
            recent = [*recent[-99:], made]
            yield made

    def event(self, child: str | None = None) -> Loaded:
        """One new event about a child."""
        event_id, child = self._uuid(), child or self._uuid()
        self._sequences[child] = sequence = self._sequences.get(child, 0) + 1
        text = self._text.replace(self._ids[0], event_id).replace(self._ids[1], child)
        text = text.replace(_SEQUENCE, f'"sequence":{sequence}', 1)
        value = text.encode()
        return Loaded(event_id, child.encode(), value, [(SIGNATURE, self.signature(value))])

    def child(self) -> str:
        """The reference of a child that no event was about yet."""
        return self._uuid()

    def signature(self, value: bytes) -> bytes:
        """The signature of other bytes, by the same sender."""
        return sign(value, key_id=self._key_id, secret=self._secret)

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


async def fill(settings: Settings, load: Load, events: int) -> None:
    """Write the load to its topic, each record to the partition of its key."""
    lanes = list(range(settings.lanes))
    partition_of = DefaultPartitioner()
    async with AIOKafkaProducer(**settings.kafka_client(), acks="all", max_batch_size=1 << 20) as producer:
        builders: dict[int, BatchBuilder] = {}
        for event in load.events(events):
            lane = partition_of(event.key, lanes, lanes)
            builder = builders.setdefault(lane, producer.create_batch())
            if builder.append(key=event.key, value=event.value, timestamp=None, headers=event.headers) is None:
                await producer.send_batch(builder, load.topic, partition=lane)
                builders[lane] = producer.create_batch()
                builders[lane].append(key=event.key, value=event.value, timestamp=None, headers=event.headers)
        for lane, builder in builders.items():
            await producer.send_batch(builder, load.topic, partition=lane)
        await producer.flush()


def _template() -> tuple[str, tuple[str, str]]:
    example = Path(str(resources.files("contracts"))) / "examples" / f"{TYPE}.json"
    document = json.loads(example.read_text(encoding="utf-8"))
    document["sequence"] = 0
    del document["data"]["child"]["language"], document["data"]["child"]["upn"]
    del document["data"]["child"]["names"][1]
    document["source"] = f"/agencies/{SENDER}"
    document["data"]["responsible_authority"] = SENDER
    document["data"]["participants"] = [f"/agencies/{agency}" for agency in RECIPIENTS]
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return text, (document["id"], document["subject"])
