"""What a desk's schools are kept from: children called no pupils, and heads in conflict; and how the desk lifts it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.deadlines import Because, Plan, on_arrival
from adapters.schools.native import Did
from adapters.schools.passing import Passing
from adapters.schools.pointing import Why
from adapters.schools.reader import Reader
from adapters.schools.roles import Role
from adapters.schools.store import people, pointers
from adapters.schools.store.notices import note
from adapters.schools.store.tables import children, not_ours, notices, shut_outs
from adapters.schools.store.tables import people as persons
from contracts.parties import agency_of

MOST = 200
"""Lines of each kind."""


class Kept(StrEnum):
    """What keeps somebody from a child's notifications; as the sender is told when it is lifted."""

    NOT_OURS = Because.NOT_OUR_CHILD.value
    """The school said that the child is no pupil of its own."""
    CONFLICT = Because.CONFLICT.value
    """An event named the school as one with a conflict of interest: its head is shut out."""


async def kept(connection: AsyncConnection, reader: Reader, desk: str, kind: Kept) -> list[Any]:
    """What keeps the desk's schools from something, the newest first: by which notification, since when, by whom."""
    table = _table(kind)
    query = (
        select(notices.c.ref, notices.c.type, notices.c.names, notices.c.desk_at, table.c.party)
        .add_columns(func.min(table.c.at).label("at"), func.array_agg(children.c.place.distinct()).label("places"))
        .join(notices, notices.c.id == table.c.notice)
        .join(children, (children.c.notice == notices.c.id) & (children.c.child == table.c.child))
        .where(notices.c.desk == desk, notices.c.desk.in_(reader.desks))
        .group_by(notices.c.id, table.c.party)
        .order_by(func.min(table.c.at).desc(), notices.c.ref)
        .limit(MOST)
    )
    if kind is Kept.NOT_OURS:
        query = (
            query.add_columns(persons.c.name.label("who"))
            .join(persons, persons.c.id == not_ours.c.person, isouter=True)
            .group_by(persons.c.name)
        )
    return list(await connection.execute(query))


async def lift(
    connection: AsyncConnection, reader: Reader, desk: str, kind: Kept, *, ref: str, party: str, at: datetime,
    passing: Passing,
) -> str | None:  # fmt: skip
    """It no longer holds; gives the id of the notification by which it came about, None where there is no such thing.

    A school is given back all that was passed on for it, as if it came now: unread, with a new deadline.
    """
    mine = (notices.c.ref == ref, notices.c.desk == desk, notices.c.desk.in_(reader.desks))
    found = (await connection.execute(select(notices.c.id, notices.c.recipient).where(*mine))).first()
    if found is None:
        return None
    table = _table(kind)
    gone = delete(table).where(table.c.notice == found.id, table.c.party == party).returning(table.c.child)
    keys = sorted((await connection.execute(gone)).scalars())
    if not keys:
        return None
    if kind is Kept.CONFLICT:
        await _note(connection, found, reader, Because.CONFLICT, at)
        return str(found.id)
    await connection.execute(delete(not_ours).where(not_ours.c.party == party, not_ours.c.child.in_(_same(keys))))
    back = await connection.execute(
        select(notices.c.id, notices.c.recipient, notices.c.party, notices.c.desk)
        .where(
            notices.c.party == party,
            notices.c.desk_because == Because.NOT_OUR_CHILD.value,
            notices.c.id.in_(select(children.c.notice).where(children.c.child.in_(keys))),
        )
        .order_by(notices.c.received_at)
        .with_for_update()
    )
    for each in back.fetchall():
        await _give_back(connection, each, reader, at, passing)
    return str(found.id)


async def _give_back(connection: AsyncConnection, found: Any, reader: Reader, at: datetime, passing: Passing) -> None:
    plan = await _plan(connection, found, at, passing)
    await connection.execute(
        update(notices)
        .where(notices.c.id == found.id)
        .values(
            due_at=plan.due_at,
            next_step_at=plan.next_step_at,
            desk_at=at if plan.desk_because else None,
            desk_because=plan.desk_because.value if plan.desk_because else None,
            **dict.fromkeys(
                ("opened_at", "accepted_at", "accepted_by", "refused_at", "desk_opened_at", "out_of_hours_at")
            ),
        )
    )
    await _note(connection, found, reader, Because.NOT_OUR_CHILD, at)
    told = await passing.addressing.designated(connection, found.party)
    await pointers.point(connection, found.id, Why.RESTORED, addresses=told, at=at)
    if plan.desk_because is not None:
        agency = agency_of(found.recipient)
        await note(connection, found.id, agency, Did.TO_DESK, at, because=plan.desk_because)


async def _plan(connection: AsyncConnection, found: Any, at: datetime, passing: Passing) -> Plan:
    return on_arrival(
        at,
        place=passing.addressing.places.of(found.party),
        party=found.party,
        designated=bool(await people.designated(connection, found.party)),
        ours=True,
        calendar=passing.calendar,
        desk_limit=await passing.limit(connection, found.desk, at),
    )


async def _note(connection: AsyncConnection, found: Any, reader: Reader, because: Because, at: datetime) -> None:
    agency = agency_of(found.recipient)
    await note(connection, found.id, agency, Did.RESTORED, at, person=reader.id, role=Role.DESK, because=because)


def _same(keys: list[str]) -> Any:
    """All by which the children of these keys are known."""
    key, other = children.alias(), children.alias()
    return (
        select(other.c.child)
        .join(key, (key.c.notice == other.c.notice) & (key.c.place == other.c.place))
        .where(key.c.child.in_(keys))
    )


def _table(kind: Kept) -> Table:
    return not_ours if kind is Kept.NOT_OURS else shut_outs
