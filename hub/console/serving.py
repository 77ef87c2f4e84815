"""The wiring of the console: out of settings and files, served until it is told to stop; PostgreSQL may be away."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
from urllib.parse import urlsplit

import structlog
import uvicorn
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
from hub.errors import StartRefused, Unavailable
from hub.settings import ConsoleSettings, Settings
from hub.store.database import connect, writing
from hub.store.migrate import migrate

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
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(serve(app, settings.console, stop))
            tasks.create_task(_with_tables(engine, Reporter(settings, engine, hub_key(secret)), stop))
            tasks.create_task(_look(console, stop))
    finally:
        engine.dispose()


def make_console(settings: Settings, engine: Engine) -> Console:
    """A console for these settings; raises a contract error where a file is wrong."""
    directory = Directory.load(schools_csv=settings.schools_csv) if settings.schools_csv else Directory.packaged()
    parties = Parties(directory, Network.load(settings.network, directory))
    return Console(settings, engine, parties, KafkaSide(settings), wall_clock)


def check(own: ConsoleSettings) -> None:
    """Refuse what would let anybody in."""
    address = urlsplit(own.address)
    here = _is_this_machine(address.hostname or "")
    if own.development and not (here and _is_this_machine(own.host)):
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


async def serve(app: FastAPI, own: ConsoleSettings, stop: asyncio.Event) -> None:
    """Answer requests until `stop`; raises `StartRefused` where the port is another's."""
    family = socket.AF_INET6 if ":" in own.host else socket.AF_INET
    try:
        listening = socket.create_server((own.host, own.port), family=family)
    except OSError as wrong:
        raise StartRefused(
            f"{own.host}:{own.port} can't be listened on ({wrong.strerror}); set DOLEN_CONSOLE__PORT"
        ) from None
    with listening:
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=MOST_AT_ONCE,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=5,
                lifespan="off",
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        log.info("console.serves", address=own.address, development=own.development)
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        server.should_exit = True
        await serving


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


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Server(uvicorn.Server):
    """Signals are ours to hear."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        return contextlib.nullcontext()
