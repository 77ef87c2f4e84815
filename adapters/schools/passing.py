"""Passes a notification on: to the education desk, and from there to its out-of-hours contact, if there is one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.addressing import Addressing
from adapters.schools.calendar import Calendar
from adapters.schools.deadlines import Because, desk_limit
from adapters.schools.native import Did
from adapters.schools.pointing import TO_SCHOOLS, Why
from adapters.schools.store import people, pointers
from adapters.schools.store.notices import note
from adapters.schools.store.tables import notices
from contracts.parties import agency_of

log = structlog.get_logger("dolen.schools")


@dataclass(frozen=True, slots=True)
class Passing:
    """Who is next; `found` is a notification's `id`, `recipient` and `desk`."""

    addressing: Addressing
    calendar: Calendar

    async def limit(self, connection: AsyncConnection, desk: str, at: datetime) -> datetime:
        """By when a desk must have opened what it is given at `at`: at once where nobody is there to open it."""
        if not await people.designated(connection, desk):
            return at.astimezone(UTC)
        return desk_limit(at, self.calendar)

    async def to_desk(self, connection: AsyncConnection, found: Any, because: Because, at: datetime) -> bool:
        """The education desk has it too from now on, and is told; False where it had it before."""
        passed = await connection.execute(
            update(notices)
            .where(notices.c.id == found.id, notices.c.desk_at.is_(None))
            .values(desk_at=at, desk_because=because.value, next_step_at=await self.limit(connection, found.desk, at))
            .returning(notices.c.id)
        )
        if passed.first() is None:
            return False
        await note(connection, found.id, agency_of(found.recipient), Did.TO_DESK, at, because=because)
        await self.tell_desk(connection, found, at)
        return True

    async def tell_desk(self, connection: AsyncConnection, found: Any, at: datetime) -> None:
        """Point the desk's people at it."""
        addresses = await self.addressing.designated(connection, found.desk)
        await pointers.point(connection, found.id, Why.PASSED_ON, addresses=addresses, at=at)

    async def out_of_hours(self, connection: AsyncConnection, found: Any, at: datetime) -> None:
        """The desk did not open it either: its out-of-hours contact is told; where there is none, nobody claims it."""
        addresses = self.addressing.out_of_hours(found.desk)
        if not addresses:
            await self._nobody_left(connection, found, at)
            return
        await _last_step(connection, found, Did.TO_OUT_OF_HOURS, at, out_of_hours_at=at)
        await pointers.point(connection, found.id, Why.OUT_OF_HOURS, addresses=addresses, at=at)

    async def came_back(self, connection: AsyncConnection, pointer: str, at: datetime) -> None:
        """A pointer reached nobody: where no other of its kind did, whoever is next is told."""
        log.warning("pointer.bounced", pointer=pointer)
        found = await pointers.bounced(connection, pointer, at)
        if found is not None and Why(found.why) is Why.OUT_OF_HOURS:
            log.error("out_of_hours.came_back", desk=found.desk, remedy="call the desk: its contact is not reached")
        if found is None or found.reached or found.opened_at is not None:
            return
        if Why(found.why) in TO_SCHOOLS:
            await self.to_desk(connection, found, Because.POINTER_BOUNCED, at)
        elif Why(found.why) is Why.OUT_OF_HOURS and found.desk_opened_at is None:
            agency = agency_of(found.recipient)
            await note(connection, found.id, agency, Did.TO_DESK, at, because=Because.POINTER_BOUNCED)
            await self._nobody_left(connection, found, at)

    async def _nobody_left(self, connection: AsyncConnection, found: Any, at: datetime) -> None:
        """There is no contact out of hours, or none was reached: the desk is told that, and whoever runs the portal."""
        log.error("out_of_hours.nobody", desk=found.desk, notice=found.id)
        await _last_step(connection, found, Did.NOBODY_LEFT, at, out_of_hours_at=None)
        addresses = await self.addressing.designated(connection, found.desk)
        await pointers.point(connection, found.id, Why.NOBODY_LEFT, addresses=addresses, at=at)


async def _last_step(
    connection: AsyncConnection, found: Any, did: Did, at: datetime, *, out_of_hours_at: datetime | None
) -> None:
    ends = update(notices).where(notices.c.id == found.id)
    await connection.execute(ends.values(out_of_hours_at=out_of_hours_at, next_step_at=None))
    await note(connection, found.id, agency_of(found.recipient), did, at, because=Because.NOT_OPENED)
