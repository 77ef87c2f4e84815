"""What an adapter knows of itself after a heartbeat: what waits, and what did not answer."""

import asyncio
from dataclasses import dataclass, field

import pytest

from adapters.sdk.errors import AdapterError, NotConnected, NotStored
from adapters.sdk.heartbeats import Heartbeats
from contracts.heartbeat import Heartbeat
from tests.adapter_parts import AGENCY, Parts, draft


@dataclass
class Kafka:
    """Takes what is reported, or fails as it is told to."""

    failure: AdapterError | None = None
    taken: list[Heartbeat] = field(default_factory=list)

    async def report(self, value: bytes, *, topic: str, key: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.taken.append(Heartbeat.model_validate_json(value))


def heartbeats(parts: Parts, kafka: Kafka) -> Heartbeats:
    return Heartbeats(
        parts.store, parts.outbox, parts.inbox, kafka, agency=AGENCY, adapter="fake", clock=parts.clock  # type: ignore[arg-type]
    )  # fmt: skip


def test_what_kafka_was_told_is_known_and_so_is_what_it_could_not_be_told(parts: Parts) -> None:
    kafka = Kafka()
    beating = heartbeats(parts, kafka)
    assert beating.pulse is None
    asyncio.run(parts.outbox.put(draft()))
    asyncio.run(beating.beat())
    assert beating.pulse is not None
    assert (beating.pulse.heartbeat, beating.pulse.failure) == (kafka.taken[0], None)
    assert kafka.taken[0].outbox_waiting == 1

    parts.clock.forward(15)
    kafka.failure = NotConnected("away")
    with pytest.raises(NotConnected):
        asyncio.run(beating.beat())
    assert beating.pulse.failure is kafka.failure
    assert (beating.pulse.at, beating.pulse.heartbeat is not None) == (parts.clock(), True)


def test_where_the_store_does_not_answer_nothing_is_known_of_what_waits(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(operation: object) -> None:
        raise NotStored("away")

    beating = heartbeats(parts, Kafka())
    monkeypatch.setattr(parts.store, "read", away)
    with pytest.raises(NotStored):
        asyncio.run(beating.beat())
    assert beating.pulse is not None
    assert beating.pulse.heartbeat is None
    assert isinstance(beating.pulse.failure, NotStored)
