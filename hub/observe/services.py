"""The wiring of what watches the hub: a projector out of settings and files, run until it is told to stop."""

import asyncio
import signal

import structlog
from sqlalchemy import text

from hub.names import Names
from hub.observe.projection.build import Builder
from hub.observe.projection.keys import KeyringFile
from hub.observe.projection.projector import Projector
from hub.observe.projection.write import empty
from hub.settings import Settings
from hub.store.database import connect, writing
from hub.store.migrate import migrate

log = structlog.get_logger("dolen.projector")


def make_projector(settings: Settings) -> Projector:
    """A projector for these settings; raises `StartRefused` where they name no database, or a file is wrong."""
    return Projector(
        settings,
        engine=connect(settings, limited=False),
        builder=Builder(Names(settings.topic_prefix)),
        keys=KeyringFile(settings.state_dir),
    )


async def run_projector(settings: Settings) -> None:
    """Run a projector until SIGTERM or SIGINT."""
    projector = make_projector(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, projector.stop)
    await projector.run()


def forget(settings: Settings) -> None:
    """Empty the tables: a projector that runs begins anew, and so does the next one."""
    engine = connect(settings, limited=False)
    try:
        with writing(engine) as connection:
            connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            migrate(connection)
            empty(connection)
    finally:
        engine.dispose()


async def rebuild_tables(settings: Settings) -> int:
    """Make the tables anew from the topics as they are now; how many records were read."""
    await asyncio.to_thread(forget, settings)
    projector = make_projector(settings)
    await projector.run(until_caught_up=True)
    return projector.progress.records
