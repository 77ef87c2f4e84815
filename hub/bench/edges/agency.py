"""Plays one agency: the SDK's own adapter, with a system that takes what it is given and notes when."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from adapters.sdk.configuration import load_configuration
from adapters.sdk.credentials import credentials_path
from adapters.sdk.declaration import Declaration, Draft, Notification, Outbox
from adapters.sdk.inbox import Inbox
from adapters.sdk.outcome import Delivered, Outcome
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.runtime import Running, assemble
from adapters.sdk.subscriber import Received
from contracts.delivery import Delivery
from contracts.kinds import Kind
from contracts.topics import Family
from hub.errors import DolenError
from hub.settings import Settings

POLL_S = 0.05
GIVE_UP_S = 1800.0
WINDOW_S = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an adapter keeps what it has: `name` is sqlite or postgresql."""

    name: str
    url: str
    schema: str = "dolen"

    @property
    def beside(self) -> "Place":
        """Another store of the same kind, for the other agency."""
        url = self.url.replace("edge.db", "beside.db") if self.name == "sqlite" else self.url
        return Place(self.name, url, f"{self.schema}_beside")


@dataclass
class System:
    """The agency's system, as far as it is played."""

    had: dict[str, float] = field(default_factory=dict)
    """When it was given each notification, by its id: seconds since 1970."""

    async def collect(self, outbox: Outbox, stop: asyncio.Event) -> None:
        """Nothing: what the agency says is put into the outbox by the measurement itself."""

    async def deliver(self, native: Delivery, notification: Notification) -> Outcome:
        """Take it at once."""
        self.had.setdefault(notification.delivery.id, time.time())
        return Delivered()


class Noting(Inbox):
    """An inbox that notes when each batch was on disk, in seconds since 1970."""

    began: float | None = None
    """When the first batch came."""

    def __init__(self, of: Running) -> None:
        super().__init__(of.store, of.outbox, window_ms=int(WINDOW_S * 1000))
        self.stored: list[tuple[float, Sequence[Received]]] = []

    async def store(self, records: Sequence[Received]) -> None:
        if self.began is None:
            self.began = time.time()
        await super().store(records)
        self.stored.append((time.time(), records))


@dataclass(frozen=True)
class Agency:
    """A running adapter and what was noted of it."""

    running: Running
    system: System
    inbox: Noting

    async def all_answered(self) -> None:
        """Wait until the hub has answered every event of the outbox."""
        await until(self._nothing_waits)

    async def all_handled(self, count: int) -> None:
        """Wait until the system has so many notifications, and the store has what became of them."""
        await until(lambda: self._handled(count))

    async def _nothing_waits(self) -> bool:
        return not (await self.running.store.read(self.running.outbox.counts)).waiting

    async def _handled(self, count: int) -> bool:
        return len(self.system.had) >= count and not (await self.running.store.read(self.inbox.counts)).waiting


async def until(true: Callable[[], Awaitable[bool]], *, give_up_s: float = GIVE_UP_S) -> None:
    """Look often whether it is so; raises DolenError where it does not come to it."""
    for _ in range(int(give_up_s / POLL_S)):
        if await true():
            return
        await asyncio.sleep(POLL_S)
    raise DolenError(f"after {give_up_s:.0f} s the adapter had not done its part; its log says why")


def assembled(settings: Settings, agency: str, place: Place) -> Agency:
    """An adapter of an agency of the measured network; use its store as a context manager."""
    system = System()
    file = _file(settings, agency, place)
    running = assemble(load_configuration(file), _declaration(system))
    noting = Noting(running)
    return Agency(dataclasses.replace(running, inbox=noting), system, noting)


@asynccontextmanager
async def at_work(settings: Settings, agency: str, place: Place) -> AsyncIterator[Agency]:
    """The same, running."""
    made, stop = assembled(settings, agency, place), asyncio.Event()
    with made.running.store:
        task = asyncio.create_task(made.running.run(stop))
        try:
            yield made
        finally:
            stop.set()
            await task


def _file(settings: Settings, agency: str, place: Place) -> Path:
    folder = settings.state_dir / f"{agency}-{place.name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "adapter.toml"
    path.touch(mode=0o600)
    path.write_text(
        f'adapter = "bench"\ncredentials = "{credentials_path(settings.state_dir, agency)}"\n'
        f'store = "{place.url}"\nstore_schema = "{place.schema}"\npseudonym_key = "key"\n'
        f"[inbox]\nwindow_s = {WINDOW_S}\n",
        encoding="utf-8",
    )
    return path


class _NoSettings(BaseModel):
    """Nothing to set."""


def _declaration(system: System) -> Declaration[Any, Any]:
    def to_event(native: Draft, pseudonyms: Pseudonyms) -> Draft:
        return native

    return Declaration(
        name="bench",
        owner="the hub",
        title_en="Measured",
        title_cy="Wedi'i fesur",
        kinds=frozenset(Kind),
        publishes=frozenset(Family),
        subscribes=frozenset(Family),
        to_event=to_event,
        to_native=lambda delivery: delivery,
        settings=_NoSettings,
        open=lambda settings, pseudonyms: system,
    )
