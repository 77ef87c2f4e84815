"""Sees to it that what nobody opens is passed on: to the education desk, then to its out-of-hours contact."""

import asyncio

import structlog
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.schools.addressing import Addressing
from adapters.schools.calendar import Calendar
from adapters.schools.clock import Clock
from adapters.schools.deadlines import Because, desk_limit
from adapters.schools.native import Did
from adapters.schools.pointing import Why
from adapters.schools.store import notices, pointers
from adapters.schools.store.tables import notices as table
from contracts.parties import agency_of

log = structlog.get_logger("dolen.schools")

LOOK_EVERY_S = 5.0
MOST = 100
"""Notifications in one transaction."""


async def watch(
    database: AsyncEngine, *, addressing: Addressing, calendar: Calendar, clock: Clock, stop: asyncio.Event
) -> None:
    """Pass on what is due, every few seconds, until `stop`; a database that is away is asked again."""
    while not stop.is_set():
        try:
            while await pass_on(database, addressing=addressing, calendar=calendar, clock=clock):
                pass
        except SQLAlchemyError as failure:
            log.error("watch.failed", error=type(failure).__name__)
        try:
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
        except TimeoutError:
            continue


async def pass_on(database: AsyncEngine, *, addressing: Addressing, calendar: Calendar, clock: Clock) -> int:
    """Take the next step of all whose time has come; gives how many there were."""
    async with database.begin() as connection:
        at = clock()
        due = await notices.due(connection, at, most=MOST)
        for found in due:
            changed: dict[str, object]
            if found.desk_at is None:
                did, why = Did.TO_DESK, Why.PASSED_ON
                addresses = await addressing.designated(connection, found.desk)
                changed = {
                    "desk_at": at,
                    "desk_because": Because.NOT_OPENED.value,
                    "next_step_at": desk_limit(at, calendar),
                }
            else:
                did, why = Did.TO_OUT_OF_HOURS, Why.OUT_OF_HOURS
                addresses = addressing.out_of_hours(found.desk)
                changed = {"out_of_hours_at": at, "next_step_at": None}
            await connection.execute(update(table).where(table.c.id == found.id).values(**changed))
            agency = agency_of(found.recipient)
            await notices.note(connection, found.id, agency, did, at, because=Because.NOT_OPENED)
            await pointers.point(connection, found.id, why, addresses=addresses, at=at)
        return len(due)
