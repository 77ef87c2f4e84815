"""What `dolen bench find` does: a database of its own, the console's results page over it, and what that took."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy import Engine, text

from contracts.parties import agency_uri
from hub.bench.find import Asking, Query, ask_all, questions
from hub.bench.tables import Say, fill, own_database, seldom
from hub.console.app import create_app
from hub.console.serving import make_console
from hub.errors import DolenError
from hub.settings import Settings
from hub.store.database import connect, reading, writing
from hub.store.sessions import begin_session


@dataclass(frozen=True, slots=True)
class Figures:
    """What `dolen bench find --json` prints."""

    notifications: int
    bytes: int
    filled_s: float
    ways: list[Asking]

    @property
    def worst_p99_ms(self) -> float:
        """Of the slowest way of asking."""
        return max(asking.milliseconds.p99 for asking in self.ways)


def measure_find(settings: Settings, *, notifications: int, each: int, seed: int, say: Say) -> Figures:
    """Fill a database of its own, ask each way so many times, and drop it again; needs PostgreSQL alone."""
    now_ms = time.time_ns() // 1_000_000
    with own_database(settings) as own:
        engine = connect(own)
        try:
            parties = [agency_uri(agency) for agency in make_console(own, engine).parties.agencies]
            begun = time.monotonic()
            fill(own, notifications, parties=parties, now_ms=now_ms, seed=seed, say=say)
            filled_s = time.monotonic() - begun
            with reading(engine) as connection:
                size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
                asked = list(questions(connection, few=seldom(parties), each=each, seed=seed))
            say("asking")
            with _page(own, engine) as ask:
                return Figures(notifications, size, round(filled_s, 1), ask_all(asked, ask))
        finally:
            engine.dispose()


@contextmanager
def _page(settings: Settings, engine: Engine) -> Iterator[Callable[[Query], None]]:
    """The page as a signed-in viewer gets it: session, question, access record and HTML; without a socket."""
    console = make_console(settings, engine)
    with writing(engine) as connection:
        token = begin_session(
            connection, reader="bench", roles=("viewer",), at_ms=console.clock(), longest_ms=10 * 3_600_000
        )
    app = create_app(console, secret=os.urandom(32))
    loop = asyncio.new_event_loop()
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=console.own.address, cookies={console.cookie: token}
    )

    def ask(query: Query) -> None:
        answer = loop.run_until_complete(client.get("/en/find", params=dict(query)))
        answer.raise_for_status()
        if answer.url.path != "/en/find":
            raise DolenError("the page asks to sign in: the session did not hold")

    try:
        yield ask
    finally:
        loop.run_until_complete(client.aclose())
        loop.close()
