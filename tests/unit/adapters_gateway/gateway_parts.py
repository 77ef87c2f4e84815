"""Two agencies behind one door, each with a real store, and clients of theirs."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from adapters.gateway.app import create_app
from adapters.gateway.counter import Counter
from adapters.gateway.door import Door
from adapters.gateway.outbound import to_native
from adapters.gateway.settings import Client, DoorSettings, GatewaySettings
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.store import Store
from contracts.delivery import view_of
from contracts.registry import REGISTRY
from tests.unit.contracts.examples import example

FIXTURES = Path(__file__).parents[3] / "adapters" / "gateway" / "fixtures"
CHARITY, PROBATION = "pont-y-plant", "wales-probation"
SECRETS = {CHARITY: "dolen-secret-of-the-charity", PROBATION: "dolen-secret-of-probation"}
STRUCTURED = {"content-type": "application/cloudevents+json"}


class Clock:
    """Milliseconds, and the same in seconds for what counts in those."""

    def __init__(self) -> None:
        self.now = 1_774_603_800_000

    def __call__(self) -> int:
        return self.now

    def seconds(self) -> float:
        return self.now / 1000


@dataclass
class Agency:
    """One agency at the door, as a test sees it."""

    name: str
    store: Store
    counter: Counter
    client: httpx.AsyncClient

    def events(self) -> list[dict[str, Any]]:
        """What its outbox has."""
        table = self.store.tables.outbox
        rows = self.store.look(lambda connection: connection.execute(select(table.c.value).order_by(table.c.id)).all())
        return [json.loads(row.value) for row in rows]

    async def told(self, event_type: str = "conferences.scheduled", *, number: int = 1, gap: bool = False) -> str:
        """Something another agency says comes into its inbox; the notification's id."""
        event = example(event_type)
        told = event | {
            "id": f"00000000-0000-5000-8000-{number:012x}",
            "origin": event["id"],
            "recipient": f"/agencies/{self.name}",
            "view": "third-sector",
        }
        delivery = view_of(REGISTRY[event["type"]].model).model_validate_json(json.dumps(told))
        await self.counter.keep(to_native(delivery), gap=gap)
        return delivery.id


@dataclass
class Gateway:
    """Both of them."""

    door: Door
    clock: Clock
    charity: Agency
    probation: Agency
    stranger: httpx.AsyncClient


@asynccontextmanager
async def gateway(folder: Path, **door_settings: Any) -> AsyncIterator[Gateway]:
    """A door with two agencies behind it, over ASGI."""
    clock = Clock()
    settings = DoorSettings(issuer="https://door.example", signing_key=folder / "door.key", **door_settings)
    door = Door(settings, clock=clock.seconds)
    transport = httpx.ASGITransport(create_app(door))
    with ExitStack() as opened:
        agencies = {}
        for name, secret in SECRETS.items():
            store = opened.enter_context(Store(f"sqlite:///{folder}/{name}.db"))
            pseudonyms = Pseudonyms(name, bytes(range(32)))
            own = GatewaySettings(
                door=folder / "door.toml",
                clients=(Client(id=f"{name}-cases", secret_sha256=hashlib.sha256(secret.encode()).hexdigest()),),
            )
            counter = Counter(own, pseudonyms, StoredOutbox(store, pseudonyms, clock=clock), clock=clock)
            await counter.open()
            opened.enter_context(door.behind(counter))
            client = httpx.AsyncClient(transport=transport, base_url="https://door.example")
            agencies[name] = Agency(name, store, counter, client)
            answer = await client.post(
                "/v1/token", data={"grant_type": "client_credentials"}, auth=(f"{name}-cases", secret)
            )
            client.headers["authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
        stranger = httpx.AsyncClient(transport=transport, base_url="https://door.example")
        yield Gateway(door, clock, agencies[CHARITY], agencies[PROBATION], stranger)


def event(case: str = "child-moved") -> dict[str, Any]:
    """A structured event as the charity sends it."""
    document: dict[str, Any] = json.loads((FIXTURES / "inbound" / f"{case}.json").read_text())
    return document
