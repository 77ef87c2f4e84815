"""Takes in one notification: for whom, by when, and whether somebody else is to have it at once."""

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.calendar import Calendar
from adapters.schools.clock import Clock
from adapters.schools.deadlines import on_arrival
from adapters.schools.notice import Notice
from adapters.schools.places import Places
from adapters.schools.store import notices, people


async def receive(
    connection: AsyncConnection, notice: Notice, *, places: Places, calendar: Calendar, clock: Clock
) -> str | None:
    """Store a notification; gives its `ref`, or None where the portal has it already: then nothing changes."""
    if await notices.has(connection, notice.id):
        return None
    at = clock()
    place = places.of(notice.party)
    party = place.party if place is not None else notice.party
    plan = on_arrival(
        at,
        place=place,
        party=party,
        designated=bool(await people.designated(connection, party)),
        ours=not await notices.are_disowned(connection, party, notice.children),
        calendar=calendar,
    )
    return await notices.put(connection, notice, plan, party=party, desk=places.desk_of(notice.party), at=at)
