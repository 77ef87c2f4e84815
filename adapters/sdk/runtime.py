"""Runs one adapter at one agency: its edge, its store, and its two ways to Kafka."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.sdk.clearing import Clearing
from adapters.sdk.configuration import Configuration
from adapters.sdk.credentials import Credentials, load_credentials
from adapters.sdk.declaration import Declaration, Edge
from adapters.sdk.delivering import Delivering, Tries
from adapters.sdk.heartbeats import Heartbeats, none_unreached
from adapters.sdk.inbox import Inbox
from adapters.sdk.keys import pseudonym_key
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.publisher import Publisher
from adapters.sdk.rounds import Rounds
from adapters.sdk.sending import Sending
from adapters.sdk.store import Store
from adapters.sdk.subscriber import Received, Subscriber
from adapters.sdk.waits import stopped_within

log = structlog.get_logger("dolen.adapter")

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
ENDS_WITHIN_S = 8.0
"""How long what runs may take to end once it is asked to."""


@dataclass
class Running:
    """One adapter with all that it works with; use its `store` as a context manager around `run`."""

    credentials: Credentials
    declaration: Declaration[Any, Any]
    store: Store
    outbox: StoredOutbox
    inbox: Inbox
    edge: Edge[Any]
    publisher: Publisher
    sending: Sending
    delivering: Delivering
    heartbeats: Heartbeats
    clearing: Clearing
    rounds: Rounds
    group: str

    async def run(self, stop: asyncio.Event) -> None:
        """Collect, send, receive and deliver until `stop`; Kafka and the system may be away meanwhile."""
        name = self.declaration.name
        log.info("adapter.runs", adapter=name, agency=self.credentials.agency, store=self.store.where)
        parts = {
            "sending": self.sending.run(stop),
            "delivering": self.delivering.run(stop),
            "heartbeats": self.heartbeats.run(stop),
            "clearing": self.clearing.run(stop),
            "receiving": _again_and_again("inbox.not_connected", self._receive, stop),
            "collecting": _again_and_again("edge.collect_failed", self._collect, stop),
        }
        async with asyncio.TaskGroup() as tasks:
            doing = [tasks.create_task(part, name=name) for name, part in parts.items()]
            tasks.create_task(_end_late(doing, stop))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._close(), ENDS_WITHIN_S)
        log.info("adapter.stopped", adapter=name, agency=self.credentials.agency)

    async def away(self) -> str | None:
        """Why the agency's system can't be reached now, as the edge says it; empty: it can; None: it doesn't say."""
        look = getattr(self.edge, "away", None)
        return await look() if look is not None else None

    async def _receive(self, stop: asyncio.Event) -> None:
        async def store(records: Sequence[Received]) -> None:
            await self.inbox.store(records)
            self.delivering.stirred.set()

        async with Subscriber(self.credentials, store, group=self.group):
            await stop.wait()

    async def _collect(self, stop: asyncio.Event) -> None:
        await self.edge.collect(self.outbox, stop)

    async def _close(self) -> None:
        await self.publisher.close()
        close = getattr(self.edge, "close", None)
        if close is not None:
            await close()


def assemble(configuration: Configuration, declaration: Declaration[Any, Any]) -> Running:
    """Put an adapter together, by its file; raises ConfigurationRefused, CredentialsRefused or StoreRefused."""
    file = configuration.file
    credentials = load_credentials(configuration.beside(file.credentials))
    settings = configuration.settings(declaration.settings)
    pseudonyms = Pseudonyms(credentials.agency, pseudonym_key(configuration.beside(file.pseudonym_key)))
    store = Store(configuration.store_url, schema=file.store_schema)
    outbox = StoredOutbox(store, pseudonyms)
    inbox = Inbox(store, outbox, window_ms=_ms(file.inbox.window_s))
    edge = declaration.open(settings, pseudonyms)
    publisher, rounds = Publisher(credentials), Rounds()
    tries = Tries(
        most=file.inbox.tries,
        first_ms=_ms(file.inbox.first_wait_s),
        longest_ms=_ms(file.inbox.longest_wait_s),
        timeout_s=file.inbox.timeout_s,
    )
    return Running(
        credentials=credentials,
        declaration=declaration,
        store=store,
        outbox=outbox,
        inbox=inbox,
        edge=edge,
        publisher=publisher,
        sending=Sending(store, outbox, publisher, resend_after_ms=_ms(file.outbox.resend_after_s), rounds=rounds),
        delivering=Delivering(
            store=store,
            inbox=inbox,
            outbox=outbox,
            declaration=declaration,
            edge=edge,
            pseudonyms=pseudonyms,
            tries=tries,
            at_once=file.inbox.at_once,
            rounds=rounds,
        ),
        heartbeats=Heartbeats(
            store,
            outbox,
            inbox,
            publisher,
            agency=credentials.agency,
            adapter=declaration.name,
            unreached=getattr(edge, "unreached", none_unreached),
        ),
        clearing=Clearing(store, file.keep_days),
        rounds=rounds,
        group=file.inbox.group,
    )


Beside = Callable[[Sequence[Running]], AbstractAsyncContextManager[None]]
"""What is open while adapters run, as pages that say how they are."""


async def run_adapters(
    adapters: Sequence[tuple[Configuration, Declaration[Any, Any]]], *, beside: Beside = lambda running: nullcontext()
) -> None:
    """Run an adapter, or several agencies' side by side, until SIGTERM or Ctrl-C; each has a store of its own."""
    assembled = [assemble(configuration, declaration) for configuration, declaration in adapters]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with ExitStack() as stores:
        for running in assembled:
            stores.enter_context(running.store)
        async with beside(assembled), asyncio.TaskGroup() as tasks:
            for running in assembled:
                tasks.create_task(running.run(stop))


async def _end_late(doing: Sequence["asyncio.Task[None]"], stop: asyncio.Event) -> None:
    """Cancel what does not end by itself: the farewell to a Kafka that is away takes for ever; all is on disk."""
    await stop.wait()
    _, late = await asyncio.wait(doing, timeout=ENDS_WITHIN_S)
    for task in late:
        log.warning("adapter.ended_late", part=task.get_name())
        task.cancel()


async def _again_and_again(what: str, work: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do what ends only with `stop`, and begin again where it fails; what ends by itself has nothing more to do."""
    wait = FIRST_WAIT_S
    while not stop.is_set():
        try:
            await work(stop)
            return
        except Exception as failure:  # the other half of the adapter goes on; its text may hold data
            log.error(what, error=type(failure).__name__, wait_s=wait)
        if await stopped_within(stop, wait):
            return
        wait = min(2 * wait, LONGEST_WAIT_S)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
