"""An adapter's parts around a store, with a clock of the test's own and an edge that does as it is told."""

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from pydantic import BaseModel

from adapters.sdk.declaration import Declaration, Draft, Notification, Outbox
from adapters.sdk.delivering import Delivering, Tries
from adapters.sdk.inbox import Inbox
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.outcome import Delivered, Outcome
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.store import Store
from adapters.sdk.subscriber import Received
from contracts.delivery import Delivery
from contracts.identity import delivery_id
from contracts.kinds import Kind
from contracts.topics import Family

EXAMPLES = Path(__file__).parent.parent / "contracts" / "examples"
REFERRAL = "wales.child-protection.referrals.submitted.v1"
AGENCY = "cardiff-social-services"
RECIPIENT = f"/agencies/{AGENCY}"
POLICE = "/agencies/south-wales-police"
CHILD = "1338f11c-3196-5796-9ded-d26e68bf4d52"
OTHER_CHILD = "9b2c1f70-6a1d-4c0e-8f55-0d4f6c7a1e22"
EPISODE = "2f6d0f0a-58b1-4f0e-9d8e-4b1f2f8f5a11"

_offsets = itertools.count()


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = int(datetime(2026, 3, 27, 9, 30, tzinfo=UTC).timestamp() * 1000)

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += int(seconds * 1000)


class NoSettings(BaseModel):
    """Nothing to set."""


@dataclass
class FakeEdge:
    """The agency's system, as a test wants it: what it was given, in order."""

    answer: Callable[[Notification], Outcome] = lambda notification: Delivered()
    given: list[Notification] = field(default_factory=list)

    async def collect(self, outbox: Outbox, stop: asyncio.Event) -> None: ...

    async def deliver(self, native: Delivery, notification: Notification) -> Outcome:
        self.given.append(notification)
        return self.answer(notification)


@dataclass
class Parts:
    """All of an adapter but Kafka."""

    store: Store
    clock: Clock
    outbox: StoredOutbox
    inbox: Inbox
    edge: FakeEdge
    delivering: Delivering

    async def deliver_until(self, true: Callable[[], bool]) -> None:
        """Run the delivering until something holds."""
        stop = asyncio.Event()
        running = asyncio.create_task(self.delivering.run(stop))
        try:
            async with asyncio.timeout(10):
                while not true():
                    await asyncio.sleep(0.005)
                    self.delivering.stirred.set()
        finally:
            stop.set()
            await running


def made(store: Store, *, tries: int = 3) -> Parts:
    """Parts around a store."""
    clock, edge = Clock(), FakeEdge()
    pseudonyms = Pseudonyms(AGENCY, bytes(32))
    outbox = StoredOutbox(store, pseudonyms, clock=clock)
    inbox = Inbox(store, outbox, window_ms=2000, clock=clock)
    delivering = Delivering(
        store=store,
        inbox=inbox,
        outbox=outbox,
        declaration=declaration(edge),
        edge=edge,
        pseudonyms=pseudonyms,
        tries=Tries(most=tries, first_ms=1000, longest_ms=60_000, timeout_s=10),
        at_once=4,
        clock=clock,
        random=Random(1),
    )
    return Parts(store, clock, outbox, inbox, edge, delivering)


def declaration(edge: FakeEdge) -> Declaration[Any, Any]:
    def to_event(native: Any, pseudonyms: Pseudonyms) -> Draft:
        raise NotImplementedError

    return Declaration(
        name="fake",
        owner="nobody",
        title_en="Fake",
        title_cy="Ffug",
        kinds=frozenset({Kind.SOCIAL_SERVICES}),
        publishes=frozenset({Family.REFERRALS}),
        subscribes=frozenset(Family),
        to_event=to_event,
        to_native=lambda delivery: delivery,
        settings=NoSettings,
        open=lambda settings, pseudonyms: edge,
    )


def example(event_type: str = REFERRAL) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EXAMPLES / f"{event_type}.json").read_text())
    return document


def draft(reference: str = "case-1", *, subject: str = CHILD, **more: Any) -> Draft:
    """A draft of the example of a report, about a child."""
    event = json.loads(json.dumps(example()).replace(CHILD, subject))
    made = Draft(
        type=event["type"],
        reference=reference,
        subject=subject,
        correlationid=event["correlationid"],
        time=datetime.fromisoformat(event["time"]),
        data=event["data"],
    )
    return replace(made, **more)


def notification(
    sequence: int, *, subject: str = CHILD, event_type: str = REFERRAL, source: str = POLICE, **more: Any
) -> Received:
    """A record as the hub writes it to the agency."""
    event = example(event_type)
    origin = f"00000000-0000-4000-8000-{hash((source, subject, sequence)) & 0xFFFFFFFFFFFF:012x}"
    document: Mapping[str, Any] = {
        **event,
        "id": delivery_id(source, origin, RECIPIENT),
        "source": source,
        "subject": subject,
        "sequence": sequence,
        "origin": origin,
        "recipient": RECIPIENT,
        "view": "social-services",
        **more,
    }
    return record(json.dumps(document).encode(), subject=subject)


def record(value: bytes, *, subject: str = CHILD) -> Received:
    return Received(f"to.{AGENCY}.referrals.v1", 0, next(_offsets), 0, subject.encode(), value, None)


def hub_receipt(outcome: str, event_id: str, *, offset: int = 0, source: str = RECIPIENT, **data: Any) -> Received:
    """A receipt of the hub's, made from its example."""
    event = example(f"wales.child-protection.receipts.{outcome}.v1")
    event["data"] |= {"original": {"source": source, "id": event_id}, **data}
    event["data"]["record"] = {"topic": "referrals.v1", "partition": 0, "offset": offset}
    return record(json.dumps(event).encode())
