"""Carries rows between the case system's tables and the adapter's outbox and inbox, whatever dies in between."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any, TypeVar, cast

import psycopg
import structlog
from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from adapters.sdk.declaration import Notification, NotTranslated, Outbox
from adapters.sdk.errors import AdapterError, ConfigurationRefused, NotStored
from adapters.sdk.outcome import Delivered, Outcome, Retry
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.social_care import statements
from adapters.social_care.dictionary import dictionary
from adapters.social_care.mapping import PACKAGED
from adapters.social_care.native import Notice
from adapters.social_care.outbound import to_native
from adapters.social_care.settings import SocialCareSettings
from adapters.social_care.taking import StoreOutbox, Taking
from contracts.delivery import Delivery

log = structlog.get_logger("dolen.adapter")

T = TypeVar("T")

CHANNEL = "dolen_outgoing"
STOP_S = 0.5
"""How often it is looked whether to stop."""
AGAIN_S = 2.0
"""After the database was away."""
KEEPALIVE = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
"""A connection that only listens would not notice by itself that the other end is gone."""


class SocialCareEdge:
    """One case system."""

    def __init__(self, settings: SocialCareSettings, pseudonyms: Pseudonyms) -> None:
        """Opens no connection yet; raises ConfigurationRefused or MappingRefused."""
        self._settings = settings
        self._pseudonyms = pseudonyms
        self._words = dictionary(settings.mapping or PACKAGED)
        self._own_words = settings.mapping is not None
        try:
            url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+psycopg")
        except SQLAlchemyError:
            raise ConfigurationRefused(
                "[social_care] database_url: write postgresql://user:password@host:port/database"
            ) from None
        url = url.update_query_dict(KEEPALIVE)
        self._listen_to = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._engine = create_engine(
            url,
            hide_parameters=True,  # they are a child's data, and errors are logged
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",  # statements.waiting needs it, whatever the database's default is
        )

    async def collect(self, outbox: Outbox, stop: asyncio.Event) -> None:
        """Take rows until `stop`; while the database is away, wait for it."""
        taking = Taking(
            cast("StoreOutbox", outbox), self._words, self._pseudonyms, self.transaction, rows=self._settings.batch
        )
        while not stop.is_set():
            try:
                await self.transaction(self._prepare)
                async with await psycopg.AsyncConnection.connect(self._listen_to, autocommit=True) as connection:
                    if await _is_alone(connection):
                        await connection.execute(f"LISTEN {CHANNEL}")
                        await self._work(connection, taking, stop)
                    else:
                        log.warning("social_care.another_adapter", remedy="end one of the two; this one stands by")
                        await _within(stop, self._settings.poll_seconds)
            except (psycopg.Error, DBAPIError, NotStored, AdapterError) as failure:
                log.error("social_care.waits", error=_kind(failure), wait_s=AGAIN_S)
                await _within(stop, AGAIN_S)

    async def deliver(self, native: Notice, notification: Notification) -> Outcome:
        """Put one notification into `dolen.incoming`; a repeat changes nothing."""
        delivery = notification.delivery
        if self._own_words:
            native = to_native(delivery, self._words)
        columns = asdict(native) | {
            "document": json.dumps(native.document),
            "person_id": own_person(delivery, self._pseudonyms.agency),
            "answers": native.document.get("about_event"),
            "earlier_missing": notification.gap,
        }
        try:
            await self.transaction(lambda connection: statements.add_incoming(connection, columns))
        except DBAPIError as failure:
            return Retry(f"database-{_kind(failure).lower()}")
        return Delivered()

    async def close(self) -> None:
        """Give back all connections."""
        await asyncio.to_thread(self._engine.dispose)

    async def _work(self, connection: psycopg.AsyncConnection[Any], taking: Taking, stop: asyncio.Event) -> None:
        """Take what there is; then wait for a NOTIFY, and look all the same after a while."""
        loop = asyncio.get_running_loop()
        look_at = loop.time()
        while not stop.is_set():
            if loop.time() >= look_at:
                if await taking.round():
                    continue
                look_at = loop.time() + self._settings.poll_seconds
            timeout = max(0.01, min(STOP_S, look_at - loop.time()))
            async for _ in connection.notifies(timeout=timeout, stop_after=1):
                look_at = loop.time()

    def _prepare(self, connection: Connection) -> None:
        found = statements.schema_version(connection)
        if found != statements.SCHEMA_VERSION:
            raise AdapterError(
                f"the case system's database has version {found} of schema dolen, this adapter needs "
                f"{statements.SCHEMA_VERSION}: run sql/install.sql of this Dolen"
            )
        statements.keep_kinds(connection, [kind for kind, entry in self._words.by_kind.items() if entry.is_sent])

    async def transaction(self, operation: Callable[[Connection], T]) -> T:
        """Run an operation in a transaction in the case system's database; raises DBAPIError."""

        def run() -> T:
            with self._engine.begin() as connection:
                return operation(connection)

        return await asyncio.to_thread(run)


def own_person(delivery: Delivery, agency: str) -> str | None:
    """Our own number of the child, where the sender knows it and passed it on."""
    data = delivery.data.model_dump(exclude_none=True)
    people = [data.get("child"), *(item.get("child") for item in data.get("children", ()))]
    for child in people:
        if child is not None and child.get("reference") == delivery.subject:
            known = child.get("authority_person_id", {})
            return known.get("number") if known.get("authority") == agency else None
    return None


async def _is_alone(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Whether no other adapter works on this database; PostgreSQL lets go where the connection ends."""
    answer = await connection.execute("SELECT pg_try_advisory_lock(hashtextextended('dolen social_care', 0))")
    row = await answer.fetchone()
    return bool(row and row[0])


async def _within(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not longer than until `stop`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def _kind(failure: Exception) -> str:
    """A name for the log: a driver's message may hold a value."""
    origin = failure.orig if isinstance(failure, DBAPIError) else failure
    if isinstance(failure, AdapterError) and not isinstance(failure, NotTranslated):
        return str(failure)
    return str(getattr(origin, "sqlstate", None) or type(origin).__name__)
