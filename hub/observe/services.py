"""The wiring of what watches the hub: a projector out of settings and files, run until it is told to stop."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterable, Iterator
from typing import Protocol

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
from hub.observe.vitals.question import Question, is_there
from hub.observe.vitals.services import ProjectorVitals, TracesVitals
from hub.observe.vitals.tables import tables_sheet
from hub.settings import Settings
from hub.store.database import connect, holding, writing
from hub.store.migrate import migrate
from hub.vitals.bounds import bounds_of
from hub.vitals.serving import vitals_served


class Service(Protocol):
    """Something that runs until it is told to stop."""

    async def run(self) -> None:
        """Run."""
        ...

    def stop(self) -> None:
        """Ask it to end."""
        ...


LOOK_EVERY_S = 15.0
"""At the tables: sums over all of them."""


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
    with _database(settings) as engine, _database(settings, limited=True) as asked:
        projector, chain = make_projector(settings, engine), make_access_chain(settings)
        async with vitals_served(
            settings.metrics, lambda: make_projector_vitals(settings, projector, asked), look_every_s=LOOK_EVERY_S
        ):
            await _run(projector, chain)


async def run_traces(settings: Settings) -> None:
    """Export traces until SIGTERM or SIGINT."""
    exporter = make_exporter(settings.traces)
    with _database(settings) as engine, _database(settings, limited=True) as asked:
        traces = Traces(settings, engine=engine, exporter=exporter)
        async with vitals_served(settings.metrics, lambda: make_traces_vitals(settings, traces, asked)):
            await _run(traces)


def make_projector_vitals(settings: Settings, projector: Projector, engine: Engine) -> ProjectorVitals:
    """What watches a projector and its tables; `engine` is not the projector's own: that one waits for long writes."""
    names, bounds = Names(settings.topic_prefix), bounds_of(settings)
    question = Question(
        engine, lambda connection: tables_sheet(connection, names, bounds, now_ms=time.time_ns() // 1_000_000)
    )
    stands_after_s = settings.metrics.stands_after_s
    return ProjectorVitals(
        projector.progress, question, prefix=names.prefix, stands_after_s=stands_after_s, bounds=bounds
    )


def make_traces_vitals(settings: Settings, traces: Traces, engine: Engine) -> TracesVitals:
    """What watches the export of traces."""
    return TracesVitals(
        traces.progress,
        Question(engine, is_there),
        stands_after_s=settings.metrics.stands_after_s,
        bounds=bounds_of(settings),
    )


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
def _database(settings: Settings, *, limited: bool = False) -> Iterator[Engine]:
    engine = connect(settings, limited=limited)
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
