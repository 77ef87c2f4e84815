"""A portal of a test's own on the real PostgreSQL: a database, a clock that stands still, people and notifications."""

import asyncio
import contextlib
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.schools.calendar import Calendar
from adapters.schools.notice import notice
from adapters.schools.places import Places
from adapters.schools.portal.app import create_app
from adapters.schools.portal.portal import Portal
from adapters.schools.reader import Reader, Right
from adapters.schools.receiving import receive
from adapters.schools.roles import Role
from adapters.schools.settings import SchoolsSettings
from adapters.schools.store import people
from adapters.schools.store.database import engine, make_tables
from adapters.schools.store.tables import metadata
from adapters.schools.watch import pass_on
from contracts.access import AccessRecord
from contracts.delivery import Delivery, view_of
from contracts.directory import Directory
from contracts.identity import delivery_id
from contracts.parties import agency_of
from contracts.registry import REGISTRY
from hub.minimise import Views, delivered_subject
from hub.policy_file import Policy
from tests import web
from tests.web import free_port

T = TypeVar("T")

ENGLISH = "/schools/6812003"
"""Adamsdown Primary, which teaches in English: Mali's school in the examples."""
WELSH = "/schools/6732178"
"""Ysgol Gymraeg Sant Curig, in the Vale of Glamorgan."""
DESK = "/agencies/cardiff-education"
WELSH_DESK = "/agencies/vale-of-glamorgan-education"

A_SCHOOL_NIGHT = datetime(2026, 3, 26, 23, 55, tzinfo=UTC)
"""Thursday; the next morning is the last of the term."""

EXAMPLES = Path(__file__).parents[1] / "contracts" / "examples"

_DIRECTORY = Directory.packaged()
_VIEWS = Views(Policy.load(_DIRECTORY))


def told(short: str, recipient: str, *, view: str, number: int = 0, **changed: Any) -> Delivery:
    """The example of a type as the hub sends it to a recipient; `number` makes it another event, `changed` its data."""
    document = json.loads((EXAMPLES / f"wales.child-protection.{short}.v1.json").read_text())
    if number:
        document["id"] = f"{number:08x}-0000-4000-8000-000000000000"
    document["data"] |= changed
    school = recipient.rpartition("/")[2]
    if recipient.startswith("/schools/") and f'"{school}"' not in json.dumps(document):
        document = json.loads(re.sub(r'(?<=["/])6812003(?=")', school, json.dumps(document)))
    data: Mapping[str, Any] = _VIEWS.minimise(document["type"], document["data"], view, recipient)
    document |= {
        "origin": document["id"],
        "id": delivery_id(document["source"], document["id"], recipient),
        "recipient": recipient,
        "view": view,
        "subject": delivered_subject(dict(data), recipient, document["subject"]),
        "data": data,
    }
    return view_of(REGISTRY[document["type"]].model).model_validate_json(json.dumps(document))


def encompass(recipient: str = ENGLISH, *, number: int = 0, **changed: Any) -> Delivery:
    """An Operation Encompass notice."""
    return told("notices.domestic-abuse-incident", recipient, view="school-notice", number=number, **changed)


@dataclass
class Ground:
    """One database and one clock."""

    url: str
    folder: Path
    now: datetime = A_SCHOOL_NIGHT
    port: int = field(default_factory=free_port)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> SchoolsSettings:
        return SchoolsSettings.model_validate(
            {
                "database_url": self.url,
                "credentials": self.folder / "schools.toml",
                "address": f"http://127.0.0.1:{self.port}",
                "port": self.port,
                "secret_file": self.folder / "secret",
                "development": True,
                "mail": {"host": "127.0.0.1", "sender": "porth@dolen.example"},
                "out_of_hours": {
                    agency_of(desk): {"email": f"duty@{agency_of(desk)}.example"} for desk in (DESK, WELSH_DESK)
                },
                **self.more,
            }
        )

    def portal(self, database: AsyncEngine) -> Portal:
        return Portal(
            self.settings,
            database,
            Places(_DIRECTORY, self.settings.successors),
            Calendar.load(self.settings.calendar),
            lambda: self.now,
        )

    def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do something in one transaction."""

        async def connected(database: AsyncEngine) -> T:
            async with database.begin() as connection:
                return await work(connection)

        return self.run_with(connected)

    def run_with(self, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
        """The same with the database itself."""

        async def opened() -> T:
            database = engine(self.url, connections=4)
            try:
                return await work(database)
            finally:
                await database.dispose()

        with ThreadPoolExecutor(1) as thread:  # the browser's own library has a loop running in this one
            return thread.submit(asyncio.run, opened()).result()

    def clear(self) -> None:
        """Nothing in any table, and the clock where it was."""
        self.now, self.more = A_SCHOOL_NIGHT, {}
        names = ", ".join(str(table) for table in metadata.sorted_tables)

        async def emptied(connection: AsyncConnection) -> None:
            await connection.execute(text(f"TRUNCATE {names}"))

        self.run(emptied)

    def person(self, subject: str, *granted: tuple[str, Role], name: str = "", email: str | None = None) -> Reader:
        """Somebody who can sign in."""

        async def added(connection: AsyncConnection) -> Reader:
            rights = tuple(Right(party, role) for party, role in granted)
            await people.put(
                connection, subject=subject, name=name or subject, granted=rights, email=email, at=self.now
            )
            reader = await people.by_subject(connection, subject)
            assert reader is not None
            return reader

        return self.run(added)

    def receive(self, delivery: Delivery) -> str | None:
        """Have the portal take in a notification; gives its `ref`."""

        async def received(database: AsyncEngine) -> str | None:
            portal = self.portal(database)
            async with database.begin() as connection:
                return await receive(connection, notice(delivery), passing=portal.passing, clock=portal.clock)

        return self.run_with(received)

    def later(self, **by: float) -> None:
        """Move the clock, and have done what is then due."""
        self.now += timedelta(**by)
        self.pass_on()

    def pass_on(self) -> int:
        async def passed(database: AsyncEngine) -> int:
            portal = self.portal(database)
            return await pass_on(database, passing=portal.passing, clock=portal.clock)

        return self.run_with(passed)

    def rows(self, query: str, **values: Any) -> list[Any]:
        """What stands in the store."""

        async def asked(connection: AsyncConnection) -> list[Any]:
            return list(await connection.execute(text(query), values))

        return self.run(asked)

    def steps(self, kind: str = "%") -> list[tuple[str, str | None]]:
        """What was done, in order: kind and reason."""
        found = self.rows("SELECT kind, because FROM schools.steps WHERE kind LIKE :kind ORDER BY seq", kind=kind)
        return [(row.kind, row.because) for row in found]

    def accesses(self) -> list[AccessRecord]:
        """Access records, in order."""
        found = self.rows("SELECT record FROM schools.access_reports ORDER BY seq")
        return [AccessRecord.model_validate_json(row.record) for row in found]

    @contextlib.contextmanager
    def served(self, **configuration: Any) -> Iterator[str]:
        """The portal on a real socket, with what uvicorn takes; gives its address."""
        database = engine(self.url, connections=10)
        app = create_app(self.portal(database), secret=b"s" * 32)
        with web.served(app, self.port, ended=database.dispose, timeout_keep_alive=75, **configuration):
            yield self.settings.address


class Browser(web.Browser):
    """One who reads the portal."""

    own_page = "/en/places"


@contextlib.contextmanager
def ground(database_url: str, folder: Path, *, tables: bool = True) -> Iterator[Ground]:
    """A database of a test's own on the server, with the portal's tables."""
    name = f"schools_{secrets.token_hex(4)}"
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            made = Ground(f"{database_url.rpartition('/')[0]}/{name}", folder)
            if tables:
                made.run_with(make_tables)
            yield made
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
