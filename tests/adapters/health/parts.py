"""A stand-in server over TLS, the adapter's edge, and a real outbox on SQLite: all but Kafka."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from adapters.health.declaration import DECLARATION
from adapters.health.edge import HealthEdge
from adapters.health.settings import Settings
from adapters.health.standin.server import StandIn
from adapters.health.standin.store import Resource
from adapters.health.standin.store import Store as Resources
from adapters.sdk.declaration import Notification
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.outcome import Outcome
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.store import Store
from contracts.delivery import Delivery, view_of
from contracts.registry import REGISTRY

FIXTURES = Path("adapters/health/fixtures")
AGENCY = "cardiff-and-vale-health"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
BEGIN = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)


class Clock:
    """The server's clock: goes on by as much with each look."""

    def __init__(self, step: timedelta = timedelta(0)) -> None:
        self.now = BEGIN
        self.step = step

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class HealthBoard:
    """A server, and an adapter at it."""

    clock: Clock
    resources: Resources
    server: StandIn
    settings: Settings
    outbox: StoredOutbox
    store: Store

    @property
    def edge(self) -> HealthEdge:
        """A new one, as after a crash: it remembers nothing."""
        return HealthEdge(self.settings, Pseudonyms(AGENCY, bytes(range(32))))

    def with_settings(self, **changed: Any) -> "HealthBoard":
        """The same, set otherwise."""
        settings = Settings.model_validate(self.settings.model_dump() | changed)
        return HealthBoard(self.clock, self.resources, self.server, settings, self.outbox, self.store)

    def collect(self, sweeps: int = 1) -> None:
        """Look at the server so many times, with an edge that remembers nothing before."""
        edge = self.edge

        async def run() -> None:
            await collecting(edge, self.outbox, sweeps)

        asyncio.run(run())

    def taken(self) -> list[str]:
        """References in the outbox, in the order in which they were put."""
        table = self.store.tables.outbox
        return self.store.look(lambda c: [row.reference for row in c.execute(select(table).order_by(table.c.id))])

    def events(self) -> list[dict[str, Any]]:
        """The events in the outbox."""
        table = self.store.tables.outbox
        return self.store.look(lambda c: [json.loads(row.value) for row in c.execute(select(table))])

    def aside(self) -> dict[str, str]:
        """Code of each record that was put aside, by reference."""
        table = self.store.tables.untranslated
        return self.store.look(lambda c: {row.reference: row.code for row in c.execute(select(table))})

    def deliver(self, *deliveries: Delivery) -> list[Outcome]:
        """Deliver one after the other, each with an edge that remembers nothing."""

        async def run() -> list[Outcome]:
            return [await self._delivered(delivery) for delivery in deliveries]

        return asyncio.run(run())

    async def _delivered(self, delivery: Delivery) -> Outcome:
        edge = self.edge
        try:
            return await edge.deliver(DECLARATION.to_native(delivery), Notification(delivery))
        finally:
            await edge.close()

    def flags(self) -> list[Resource]:
        return list(self.resources.all("Flag"))

    def communications(self) -> list[Resource]:
        return list(self.resources.all("Communication"))


async def collecting(edge: HealthEdge, outbox: Any, sweeps: int) -> None:
    """Let an edge look so many times, then stop it; what it meets on the way is its own to deal with."""
    stop, looked = asyncio.Event(), 0

    async def count(_: asyncio.Event, __: float) -> bool:
        nonlocal looked
        looked += 1
        if looked >= sweeps:
            stop.set()
        return stop.is_set()

    edge.waits = count
    try:
        await asyncio.wait_for(edge.collect(outbox, stop), 60)
    finally:
        await edge.close()


def fixture(case: str) -> list[Resource]:
    """The resources of an inbound case, the focal one first."""
    bundle = json.loads((FIXTURES / "inbound" / f"{case}.json").read_text(encoding="utf-8"))
    return [entry["resource"] for entry in bundle["entry"]]


def notification(case: str, **changed: Any) -> Delivery:
    """The notification of an outbound case."""
    event = json.loads((FIXTURES / "outbound" / f"{case}.event.json").read_text(encoding="utf-8"))
    event |= changed
    return view_of(REGISTRY[event["type"]].model).model_validate_json(json.dumps(event))


def put(resources: Resources, found: Iterable[Resource], *, changed: datetime | None = None) -> None:
    """Put resources into a server under their own ids."""
    for resource in found:
        resources.put(resource, changed=changed)


def reports(count: int) -> Iterable[tuple[Resource, Resource]]:
    """So many reports, each of another child: ServiceRequest and Patient."""
    request, patient, nurse, role, form = fixture("report-from-the-emergency-unit")
    for number in range(count):
        child = json.loads(json.dumps(patient).replace("p-4711", f"p-{number}"))
        asked = {key: value for key, value in json.loads(
            json.dumps(form).replace("p-4711", f"p-{number}")).items() if key != "meta"}  # fmt: skip
        people = [{k: v for k, v in one.items() if k != "meta"} for one in (nurse, role)]
        made = json.loads(json.dumps(request).replace("p-4711", f"p-{number}"))
        made |= {"id": f"sr-{number}", "contained": [{**asked, "id": "form"}, *people]}
        made |= {"supportingInfo": [{"reference": "#form"}], "requester": {"reference": "#ro-9"}}
        made["contained"][2]["practitioner"] = {"reference": "#pr-31"}
        yield made, child
