"""Takes in one notification: for whom, by when, and whether somebody else is to have it at once."""

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.clock import Clock
from adapters.schools.deadlines import Because, on_arrival
from adapters.schools.notice import Notice
from adapters.schools.passing import Passing
from adapters.schools.pointing import Why
from adapters.schools.store import notices, people, pointers


async def receive(connection: AsyncConnection, notice: Notice, *, passing: Passing, clock: Clock) -> str | None:
    """Store a notification; gives its `ref`, or None where the portal has it already: then nothing changes."""
    if await notices.has(connection, notice.id):
        return None
    at, addressing = clock(), passing.addressing
    places = addressing.places
    place = places.of(notice.party)
    party = place.party if place is not None else notice.party
    desk = places.desk_of(notice.party)
    plan = on_arrival(
        at,
        place=place,
        party=party,
        designated=bool(await people.designated(connection, party)),
        ours=not await notices.are_disowned(connection, party, notice.children),
        calendar=passing.calendar,
        desk_limit=await passing.limit(connection, desk, at),
    )
    ref = await notices.put(connection, notice, plan, party=party, desk=desk, at=at)
    if ref is not None:
        if plan.desk_because is None or plan.desk_because is Because.SCHOOL_CLOSED:
            waiting = await addressing.designated(connection, party)
            await pointers.point(connection, notice.id, Why.WAITING, addresses=waiting, at=at)
        if plan.desk_because is not None:
            passed_on = await addressing.designated(connection, desk)
            await pointers.point(connection, notice.id, Why.PASSED_ON, addresses=passed_on, at=at)
    return ref
