"""Sees to it that what nobody opens is passed on: to the education desk, then to its out-of-hours contact."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.schools.clock import Clock
from adapters.schools.deadlines import Because
from adapters.schools.passing import Passing
from adapters.schools.store import notices
from adapters.sdk.waits import stopped_within

log = structlog.get_logger("dolen.schools")

LOOK_EVERY_S = 5.0
MOST = 100
"""Notifications in one transaction."""


async def watch(database: AsyncEngine, *, passing: Passing, clock: Clock, stop: asyncio.Event) -> None:
    """Pass on what is due, every few seconds, until `stop`; a database that is away is asked again."""
    while not stop.is_set():
        try:
            while await pass_on(database, passing=passing, clock=clock):
                pass
        except SQLAlchemyError as failure:
            log.error("watch.failed", error=type(failure).__name__)
        await stopped_within(stop, LOOK_EVERY_S)


async def pass_on(database: AsyncEngine, *, passing: Passing, clock: Clock) -> int:
    """Take the next step of all whose time has come; gives how many there were."""
    async with database.begin() as connection:
        at = clock()
        due = await notices.due(connection, at, most=MOST)
        for found in due:
            if not await passing.to_desk(connection, found, Because.NOT_OPENED, at):
                await passing.out_of_hours(connection, found, at)
        return len(due)
