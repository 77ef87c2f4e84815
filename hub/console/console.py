"""All that the pages work with, and one reader's visit to them: recorded and committed before a page is shown."""

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from starlette.requests import Request

from contracts.access import Act
from hub.access_report import access_record
from hub.console.clock import Clock
from hub.console.kafka_side import KafkaSide
from hub.console.parties import Parties
from hub.console.rights import Right, Role, acting_as, roles_of
from hub.console.words.catalogue import Speech, speech
from hub.names import Names
from hub.settings import ConsoleSettings, Settings
from hub.store.database import snapshot, writing
from hub.store.reports import keep_report
from hub.store.sessions import Session, find_session


class NotSignedIn(Exception):
    """The page needs a reader, and nobody is signed in: the visitor is asked to."""


class NotAllowed(Exception):
    """No role of the reader's allows it; the attempt is recorded."""


class NotThere(Exception):
    """There is no such thing."""


class NotFromOurPage(Exception):
    """A form came without the token that its page has, so another site may have sent it."""


@dataclass(frozen=True)
class Console:
    """What the pages are given."""

    settings: Settings
    database: Engine
    parties: Parties
    kafka: KafkaSide
    clock: Clock

    @property
    def own(self) -> ConsoleSettings:
        """The console's part of the settings."""
        return self.settings.console

    @property
    def names(self) -> Names:
        """What the hub's topics are called."""
        return Names(self.settings.topic_prefix)

    @property
    def is_secure(self) -> bool:
        """Whether people come by TLS."""
        return self.own.address.startswith("https://")

    @property
    def cookie(self) -> str:
        """The session cookie's name; with `__Host-` no other site of the domain can set it."""
        return "__Host-dolen-console" if self.is_secure else "dolen-console"

    def session(self, request: Request, *, touch: bool = True) -> Session:
        """The session that a request comes with; raises NotSignedIn."""
        with writing(self.database) as connection:
            found = find_session(
                connection,
                request.cookies.get(self.cookie, ""),
                at_ms=self.clock(),
                idle_ms=self.own.idle_minutes * 60_000,
                longest_ms=self.own.longest_hours * 3_600_000,
                touch=touch,
            )
        if found is None or not roles_of(found.roles):
            raise NotSignedIn
        return found

    @contextmanager
    def visit(self, request: Request, language: str, right: Right = Right.SEE, *, what: str) -> Iterator["Visit"]:
        """A visit to a page: all it reads is of one moment, and what it records is committed when the block ends.

        Raises NotSignedIn, and NotAllowed where no role of the reader's has the right: that attempt is recorded.
        """
        session = self.session(request)
        reader = Reader(session.reader, roles_of(session.roles), session.csrf)
        role = acting_as(reader.roles, right)
        if role is None:
            with writing(self.database) as connection:
                refused = access_record(
                    self.clock(), by=reader.subject, role=reader.roles[0], act=Act.REFUSED, what=what
                )
                keep_report(connection, refused)
            raise NotAllowed
        with snapshot(self.database) as connection:
            yield Visit(self, connection, reader, role, self.clock(), speech(language), what)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who is signed in: the `sub` that the identity provider gives, and no name."""

    subject: str
    roles: tuple[Role, ...]
    csrf: str

    def may(self, right: str) -> bool:
        """Whether some role of the reader's allows it."""
        return acting_as(self.roles, Right(right)) is not None


@dataclass(frozen=True)
class Visit:
    """One reader looking at one page."""

    console: Console
    connection: Connection
    reader: Reader
    role: Role
    """By which the reader is here."""
    at_ms: int
    say: Speech
    what: str
    """The page, by the name that access records have for it."""

    @property
    def language(self) -> str:
        """`cy` or `en`."""
        return self.say.language

    def record(self, act: Act = Act.VIEWED, *, about: str = "", why: str | None = None) -> None:
        """Keep an access record of what this visit shows or does."""
        subject = self.reader.subject
        report = access_record(self.at_ms, by=subject, role=self.role, act=act, what=self.what, about=about, why=why)
        keep_report(self.connection, report)

    def check(self, token: str) -> None:
        """Raise NotFromOurPage where a form's token is not the session's."""
        if not secrets.compare_digest(token.encode(), self.reader.csrf.encode()):
            raise NotFromOurPage

    def name(self, party: str) -> str:
        """What a party is called in the visit's language."""
        return self.console.parties.name(party, self.language)


def sign_in_secret(marks_secret: bytes) -> bytes:
    """What seals the cookie that lives while somebody signs in: made of the hub's secret, for this alone (RFC 2104)."""
    return hmac.digest(marks_secret, b"dolen console sign-in v1", "sha256")
