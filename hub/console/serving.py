"""The wiring of the console: out of settings and files, served until it is told to stop; PostgreSQL may be away."""

import asyncio
import contextlib
import signal
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from contracts.directory import Directory
from contracts.network import Network
from hub.access_log import hub_key
from hub.app import marks_secret
from hub.console.app import create_app
from hub.console.clock import wall_clock
from hub.console.console import Console, sign_in_secret
from hub.console.kafka_side import KafkaSide
from hub.console.parties import Parties
from hub.console.reporting import Reporter
from hub.console.vitals import ConsoleVitals
from hub.errors import StartRefused, Unavailable
from hub.http_server import is_this_machine, listen, serve
from hub.observe.vitals.question import Question, is_there
from hub.settings import ConsoleSettings, Settings
from hub.store.database import connect, writing
from hub.store.migrate import migrate
from hub.vitals.bounds import bounds_of
from hub.vitals.serving import vitals_served

log = structlog.get_logger("dolen.console")

KEEP_ALIVE_S = 75
"""Longer than a proxy in front keeps a connection that nobody uses: it would else send a request into a closed one."""
MOST_AT_ONCE = 500
"""Requests; more are told to come again at once, so that those who are in are answered."""
CONNECTIONS = 20
"""To PostgreSQL."""
LOOK_EVERY_S = 5.0
"""At Kafka."""
TRY_EVERY_S = 2.0
"""To make the tables, while PostgreSQL is away."""


async def run_console(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; raises `StartRefused` where a setting or file is wrong."""
    check(settings.console)
    secret = marks_secret(settings)
    engine = connect(settings, size=CONNECTIONS)
    console = make_console(settings, engine)
    app = create_app(console, secret=sign_in_secret(secret))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with vitals_served(settings.metrics, lambda: _vitals(console)), asyncio.TaskGroup() as tasks:
            tasks.create_task(serve_console(app, settings.console, stop))
            tasks.create_task(_with_tables(engine, Reporter(settings, engine, hub_key(secret)), stop))
            tasks.create_task(_look(console, stop))
    finally:
        engine.dispose()


def make_console(settings: Settings, engine: Engine) -> Console:
    """A console for these settings; raises a contract error where a file is wrong."""
    directory = Directory.of(settings.schools_csv)
    parties = Parties(directory, Network.load(settings.network, directory))
    return Console(settings, engine, parties, KafkaSide(settings), wall_clock)


def _vitals(console: Console) -> ConsoleVitals:
    return ConsoleVitals(console.kafka, Question(console.database, is_there), bounds_of(console.settings))


def check(own: ConsoleSettings) -> None:
    """Refuse what would let anybody in."""
    address = urlsplit(own.address)
    here = is_this_machine(address.hostname or "")
    if own.development and not (here and is_this_machine(own.host)):
        raise StartRefused(
            "DOLEN_CONSOLE__DEVELOPMENT lets anybody in, so DOLEN_CONSOLE__ADDRESS and DOLEN_CONSOLE__HOST must be "
            "of this machine (127.0.0.1); name an identity provider with DOLEN_CONSOLE__ISSUER instead"
        )
    if address.scheme == "http" and not here:
        raise StartRefused("DOLEN_CONSOLE__ADDRESS is not of this machine: people must reach it by https://")
    if own.issuer is None and not own.development:
        raise StartRefused(
            "nobody could sign in: name an identity provider with DOLEN_CONSOLE__ISSUER, "
            "or try the console on one machine with `dolen run console --development`"
        )
    if own.issuer is not None and own.development:
        raise StartRefused("DOLEN_CONSOLE__DEVELOPMENT and DOLEN_CONSOLE__ISSUER exclude each other: unset one")


async def serve_console(app: FastAPI, own: ConsoleSettings, stop: asyncio.Event) -> None:
    """Answer requests until `stop`; raises `StartRefused` where the port is another's."""
    with listen(own.host, own.port, setting="DOLEN_CONSOLE__PORT") as listening:
        log.info("console.serves", address=own.address, development=own.development)
        await serve(app, listening, stop, most_at_once=MOST_AT_ONCE, keep_alive_s=KEEP_ALIVE_S, proxies=own.proxies)


async def _with_tables(engine: Engine, reporter: Reporter, stop: asyncio.Event) -> None:
    """Make the tables as soon as PostgreSQL is there, then bring reports to Kafka."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(_make_tables, engine)
            break
        except (Unavailable, SQLAlchemyError) as away:
            log.warning("console.waiting", reason=str(away) if isinstance(away, Unavailable) else type(away).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TRY_EVERY_S)
    await reporter.run(stop)


def _make_tables(engine: Engine) -> None:
    with writing(engine) as connection:
        migrate(connection)


async def _look(console: Console, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await console.kafka.look(console.clock())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
