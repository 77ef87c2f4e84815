"""Sends the pointers that are due, until each is taken or comes back."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.schools.clock import Clock
from adapters.schools.mailing import Bounced, NotNow, Provider
from adapters.schools.passing import Passing
from adapters.schools.pointing import Why, message
from adapters.schools.store import pointers
from adapters.sdk.waits import stopped_within

log = structlog.get_logger("dolen.schools")

LOOK_EVERY_S = 2.0
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
"""A pointer is tried again for as long as nobody gives it up: what it points at has its own deadline."""


async def send_pointers(
    database: AsyncEngine, provider: Provider, *, passing: Passing, clock: Clock, stop: asyncio.Event
) -> None:
    """Send until `stop`."""
    while not stop.is_set():
        try:
            while await send_one(database, provider, passing=passing, clock=clock):
                pass
        except SQLAlchemyError as failure:
            log.error("pointers.not_read", error=type(failure).__name__)
        await stopped_within(stop, LOOK_EVERY_S)


async def send_one(database: AsyncEngine, provider: Provider, *, passing: Passing, clock: Clock) -> bool:
    """Send the pointer that is due first; False where none is."""
    async with database.begin() as connection:
        found = await pointers.next_to_send(connection, clock())
        if found is None:
            return False
        why, portal = Why(found.why), passing.addressing.settings.address
        link = portal if why is Why.WEBHOOK_OFF else f"{portal}/n/{found.ref}"
        said = message(why, link=link, due_at=found.due_at, language=found.language)
        try:
            await provider.send(found.address, said, identity=found.id)
        except Bounced:
            await passing.came_back(connection, found.id, clock())
        except NotNow as reason:
            log.warning("pointer.not_sent", pointer=found.id, error=str(reason), tries=found.tries + 1)
            await pointers.not_yet(connection, found, clock() + min(LONGEST_WAIT, FIRST_WAIT * 2**found.tries))
        else:
            await pointers.sent(connection, found, clock())
        return True
