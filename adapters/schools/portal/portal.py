"""All that the pages work with, and one reader's visit to them: a transaction that ends before a page is shown."""

import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request

from adapters.schools.addressing import Addressing
from adapters.schools.calendar import Calendar
from adapters.schools.clock import Clock
from adapters.schools.passing import Passing
from adapters.schools.places import Place, Places
from adapters.schools.reader import Reader
from adapters.schools.roles import TITLES
from adapters.schools.settings import SchoolsSettings
from adapters.schools.store import access, people, sessions
from adapters.schools.words.catalogue import Speech, speech
from contracts.access import AccessRecord, Act
from contracts.parties import SCHOOLS, agency_uri

EVERYBODY = agency_uri(SCHOOLS)
"""In an access record, whom somebody acted for who is nobody here."""


class NotSignedIn(Exception):
    """The page needs a reader, and nobody is signed in: the visitor is asked to."""


class NotTheirs(Exception):
    """There is no such page for this reader; whether there is one for another is not said."""


class NotFromOurPage(Exception):
    """A form came without the token that its page has, so another site may have sent it."""


@dataclass(frozen=True)
class Portal:
    """What the pages are given."""

    settings: SchoolsSettings
    database: AsyncEngine
    places: Places
    calendar: Calendar
    clock: Clock

    @property
    def addressing(self) -> Addressing:
        """Where pointers go."""
        return Addressing(self.settings, self.places)

    @property
    def passing(self) -> Passing:
        """Who is next."""
        return Passing(self.addressing, self.calendar)

    @property
    def cookie(self) -> str:
        """The session cookie's name; with `__Host-` no other site of the domain can set it."""
        return "__Host-dolen" if self.is_secure else "dolen"

    @property
    def is_secure(self) -> bool:
        """Whether people come by TLS."""
        return self.settings.address.startswith("https://")

    @asynccontextmanager
    async def visit(self, request: Request, language: str) -> AsyncIterator["Visit"]:
        """A reader's visit; what it reads and records is committed when the block ends, before anything is shown.

        Raises NotSignedIn; raises NotTheirs and NotFromOurPage again once the attempt is recorded.
        """
        at = self.clock()
        refused: NotTheirs | NotFromOurPage | None = None
        async with self.database.begin() as connection:
            reader, csrf = await self._who(connection, request, at)
            if request.query_params.get("choose") is not None and reader.language != language:
                await people.choose_language(connection, reader.id, language)
            visit = Visit(self, connection, reader, csrf, at, speech(language))
            try:
                yield visit
            except NotTheirs as attempt:
                refused = attempt
            except NotFromOurPage as attempt:  # before anything else was done
                await visit.record(Act.REFUSED, "form", party=reader.parties[0])
                refused = attempt
        if refused is not None:
            raise refused

    async def form(self, request: Request, visit: "Visit") -> dict[str, Any]:
        """A form's fields, once its token is seen to be the session's; raises NotFromOurPage."""
        fields = await request.form()
        if not secrets.compare_digest(str(fields.get("csrf", "")).encode(), visit.csrf.encode()):
            raise NotFromOurPage
        return {name: fields.getlist(name) for name in fields}

    async def _who(self, connection: AsyncConnection, request: Request, at: datetime) -> tuple[Reader, str]:
        session = await sessions.find(
            connection,
            request.cookies.get(self.cookie, ""),
            at,
            idle=timedelta(minutes=self.settings.idle_minutes),
            longest=timedelta(hours=self.settings.longest_hours),
        )
        reader = await people.by_id(connection, session.person) if session else None
        if session is None or reader is None:
            raise NotSignedIn
        return reader, session.csrf


@dataclass(frozen=True)
class Visit:
    """One reader looking at one page."""

    portal: Portal
    connection: AsyncConnection
    reader: Reader
    csrf: str
    at: datetime
    say: Speech

    @property
    def language(self) -> str:
        return self.say.language

    async def record(self, act: Act, what: str, *, party: str, about: str = "", why: str | None = None) -> None:
        """Keep an access record of what this visit shows or does."""
        role = self.reader.role_at(party) or self.reader.rights[0].role
        await access.keep(
            self.connection,
            access_record(
                self.at, by=self.reader.subject, role=role.value, party=party, act=act, what=what, about=about, why=why
            ),
        )

    async def refuse(self, what: str, *, about: str = "") -> None:
        """Record an attempt at what is not the reader's, and turn the reader away; raises NotTheirs."""
        await self.record(Act.REFUSED, what, party=self.reader.parties[0], about=about)
        raise NotTheirs

    def place(self, party: str) -> Place:
        """A party of the reader's, by name even where the directory no longer knows it."""
        known = self.portal.places.of(party)
        return known or Place(party, party, party, "cy", self.portal.places.desk_of(party), "")

    def title(self, party: str) -> str:
        """What the reader is at a party."""
        role = self.reader.role_at(party)
        return self.say(TITLES[role]) if role else ""


def access_record(
    at: datetime, *, by: str, role: str, party: str, act: Act, what: str, about: str = "", why: str | None = None
) -> AccessRecord:
    """One record, with an id of its own."""
    return AccessRecord(
        id=str(uuid.uuid4()), at=at, by=by, role=role, for_party=party, act=act, what=what, about=about, why=why
    )
