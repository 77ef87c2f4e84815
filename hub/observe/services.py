"""The wiring of what watches the hub: a projector out of settings and files, run until it is told to stop."""

import asyncio
import contextlib
import signal
from collections.abc import Iterable, Iterator
from typing import Protocol

import structlog
from sqlalchemy import Engine

from hub.access_log import hub_key
from hub.app import marks_secret
from hub.errors import DolenError
from hub.names import Names
from hub.observe.access_chain import AccessChain
from hub.observe.projection.build import Builder
from hub.observe.projection.keys import KeyringFile
from hub.observe.projection.projector import Projector, locked
from hub.observe.projection.write import empty
from hub.observe.traces.otlp import make_exporter
from hub.observe.traces.service import Traces
from hub.settings import Settings
from hub.store.database import connect, holding, writing
from hub.store.migrate import migrate


class Service(Protocol):
    """Something that runs until it is told to stop."""

    async def run(self) -> None:
        """Run."""
        ...

    def stop(self) -> None:
        """Ask it to end."""
        ...


log = structlog.get_logger("dolen.projector")


def make_projector(settings: Settings, engine: Engine) -> Projector:
    """A projector for these settings; raises `StartRefused` where a file is wrong."""
    return Projector(
        settings,
        engine=engine,
        builder=Builder(Names(settings.topic_prefix)),
        keys=KeyringFile(settings.state_dir),
    )


def make_access_chain(settings: Settings) -> AccessChain:
    """What chains access reports; raises `StartRefused` where a file is missing."""
    return AccessChain(settings, keys=KeyringFile(settings.state_dir), own_key=hub_key(marks_secret(settings)))


async def run_projector(settings: Settings) -> None:
    """Chain access reports and project everything until SIGTERM or SIGINT; one that ends in an error ends both."""
    with _database(settings) as engine:
        await _run(make_projector(settings, engine), make_access_chain(settings))


async def run_traces(settings: Settings) -> None:
    """Export traces until SIGTERM or SIGINT."""
    exporter = make_exporter(settings.traces)
    with _database(settings) as engine:
        await _run(Traces(settings, engine=engine, exporter=exporter))


async def rebuild_tables(settings: Settings) -> int:
    """Make the tables anew from the topics as they are now; how many records were read.

    Raises `DolenError` while a projector works on them.
    """
    with _database(settings) as engine:
        await asyncio.to_thread(_forget, engine)
        return await _catch_up(settings, engine)


async def catch_up(settings: Settings) -> int:
    """Read all that is on the topics now; how many records that were."""
    with _database(settings) as engine:
        return await _catch_up(settings, engine)


async def _catch_up(settings: Settings, engine: Engine) -> int:
    projector = make_projector(settings, engine)
    await projector.run(until_caught_up=True)
    return projector.progress.records


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings, limited=False)
    try:
        yield engine
    finally:
        engine.dispose()


def _forget(engine: Engine) -> None:
    with holding(engine) as lock:
        if not locked(lock):
            raise DolenError("a projector works on these tables: stop it, rebuild, and start it again")
        with writing(engine) as connection:
            migrate(connection)
            empty(connection)


async def _run(*services: Service) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, services)
    async with asyncio.TaskGroup() as tasks:
        for service in services:
            tasks.create_task(service.run())


def _stop(services: Iterable[Service]) -> None:
    for service in services:
        service.stop()
