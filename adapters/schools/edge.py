"""The portal as the SDK sees it: notifications go in, what people did with them comes out, and pages are served."""

import asyncio
from dataclasses import dataclass, field
from functools import cached_property

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.schools.bouncing import read_bounces
from adapters.schools.calendar import Calendar
from adapters.schools.clock import Clock, wall_clock
from adapters.schools.hooking import call_webhooks
from adapters.schools.inbound import to_event
from adapters.schools.mailing import MailServer
from adapters.schools.notice import Notice
from adapters.schools.places import Places
from adapters.schools.portal.app import create_app
from adapters.schools.portal.portal import Portal
from adapters.schools.receiving import receive
from adapters.schools.reporting import report_access
from adapters.schools.sending import send_pointers
from adapters.schools.serving import serve
from adapters.schools.settings import SchoolsSettings
from adapters.schools.store import notices, pointers, webhooks
from adapters.schools.store.database import engine, make_tables
from adapters.schools.watch import watch
from adapters.sdk.credentials import load_credentials
from adapters.sdk.declaration import Notification, NotTranslated, Outbox
from adapters.sdk.errors import NotStored
from adapters.sdk.keys import pseudonym_key
from adapters.sdk.outcome import Delivered, Outcome, Retry
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.publisher import Publisher
from adapters.sdk.waits import stopped_within
from contracts.directory import Directory

log = structlog.get_logger("dolen.schools")

TAKE_EVERY_S = 0.5
MOST = 100
AWAY_AFTER_S = 5.0
"""Without an answer, the portal's store counts as away."""


@dataclass
class SchoolsEdge:
    """One agency's adapter (all schools', or an education desk's own) on the portal's store."""

    settings: SchoolsSettings
    pseudonyms: Pseudonyms
    clock: Clock = wall_clock
    _ready: bool = field(default=False, init=False)
    _making: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _unreached: int = field(default=0, init=False)

    @cached_property
    def database(self) -> AsyncEngine:
        return engine(self.settings.database_url.get_secret_value())

    @cached_property
    def portal(self) -> Portal:
        """What the pages are given."""
        csv = self.settings.schools_csv
        directory = Directory.load(schools_csv=csv) if csv else Directory.packaged()
        return Portal(
            settings=self.settings,
            database=self.database,
            places=Places(directory, self.settings.successors),
            calendar=Calendar.load(self.settings.calendar),
            clock=self.clock,
        )

    async def deliver(self, native: Notice, notification: Notification) -> Outcome:
        """Keep a notification for its school; given twice, the second changes nothing."""
        try:
            await self._prepared()
            async with self.database.begin() as connection:
                await receive(connection, native, passing=self.portal.passing, clock=self.clock)
        except SQLAlchemyError as failure:
            log.error("notice.not_kept", error=type(failure).__name__)
            return Retry("store-is-away")
        return Delivered()

    async def collect(self, outbox: Outbox, stop: asyncio.Event) -> None:
        """Give the outbox what people did, and serve the portal, until `stop`."""
        await self._prepared()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take(outbox, stop))
            if self.settings.serve:
                portal, settings = self.portal, self.settings
                secret = pseudonym_key(settings.secret_file)
                app = create_app(portal, secret=secret)
                tasks.create_task(
                    serve(app, host=settings.host, port=settings.port, stop=stop, proxies=settings.proxies)
                )
                tasks.create_task(self._watch(stop))
                tasks.create_task(self._point(stop))
                tasks.create_task(
                    call_webhooks(self.database, addressing=portal.addressing, clock=self.clock, stop=stop)
                )
                tasks.create_task(self._report(stop))

    async def away(self) -> str:
        """Whether the portal's own store answers: without it there is no page, and nothing is kept for a school."""
        try:
            async with asyncio.timeout(AWAY_AFTER_S), self.database.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError, TimeoutError) as failure:
            return f"the portal's store doesn't answer ({type(failure).__name__})"
        return ""

    async def unreached(self) -> int:
        """Schools' systems that are off, and contacts whose mail came back; as last known where PostgreSQL is away."""
        if self._ready and self.settings.serve:
            try:
                async with asyncio.timeout(AWAY_AFTER_S), self.database.connect() as connection:
                    off = await webhooks.count_off(connection)
                    contacts = self.portal.addressing.contacts()
                    self._unreached = off + await pointers.count_not_reached(connection, contacts)
            except (SQLAlchemyError, OSError, TimeoutError) as failure:
                log.error("unreached.not_counted", error=type(failure).__name__)
        return self._unreached

    async def close(self) -> None:
        """Let go of the database."""
        await self.database.dispose()

    async def _take(self, outbox: Outbox, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                while await self.take_some(outbox):
                    pass
            except (SQLAlchemyError, NotStored) as failure:  # the pages go on
                log.error("answer.not_taken", error=type(failure).__name__)
            await stopped_within(stop, TAKE_EVERY_S)

    async def take_some(self, outbox: Outbox) -> int:
        """Give the outbox the oldest answers that it does not have; each is marked once the outbox has it on disk."""
        async with self.database.connect() as connection:
            answers = await notices.to_take(connection, self.pseudonyms.agency, most=MOST)
        for seq, answer, party in answers:
            place = self.portal.places.of(party)
            named = answer.model_copy(update={"team": place.name_en if place else party})
            try:
                await outbox.put(to_event(named, self.pseudonyms))
            except NotTranslated as reason:
                await outbox.set_aside(answer.step, reason)
            except NotAnEvent:
                await outbox.set_aside(answer.step, NotTranslated("not-an-event", remedy="the portal has to be mended"))
            async with self.database.begin() as connection:
                await notices.taken(connection, seq, self.clock())
        return len(answers)

    async def _watch(self, stop: asyncio.Event) -> None:
        await watch(self.database, passing=self.portal.passing, clock=self.clock, stop=stop)

    async def _point(self, stop: asyncio.Event) -> None:
        mail, passing = self.settings.mail, self.portal.passing
        if mail is None:
            log.warning("pointers.none", remedy="without [schools.mail] nobody is told by e-mail that something waits")
            return
        if mail.bounces is None:
            log.warning(
                "bounces.none", remedy="without [schools.mail] bounces, a mail that comes back later is not seen"
            )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                send_pointers(self.database, MailServer(mail), passing=passing, clock=self.clock, stop=stop)
            )
            if mail.bounces is not None:
                tasks.create_task(
                    read_bounces(self.database, mail.bounces, passing=passing, clock=self.clock, stop=stop)
                )

    async def _report(self, stop: asyncio.Event) -> None:
        credentials = load_credentials(self.settings.credentials)
        async with Publisher(credentials) as publisher:
            await report_access(self.database, publisher, agency=credentials.agency, clock=self.clock, stop=stop)

    async def _prepared(self) -> None:
        async with self._making:
            if not self._ready:
                await make_tables(self.database)
                self._ready = True
