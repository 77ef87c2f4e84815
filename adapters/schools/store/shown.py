"""What one reader may see: every question to the store begins with whose it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.deadlines import Because
from adapters.schools.native import Did
from adapters.schools.reader import Reader
from adapters.schools.roles import Role
from adapters.schools.store.notices import note
from adapters.schools.store.tables import children, not_ours, notices, people, shut_outs
from contracts.parties import agency_of

PAGE = 25
"""Lines of a list."""

KEPT_BACK = (
    select(children.c.place)
    .join(not_ours, and_(children.c.party == not_ours.c.party, children.c.child == not_ours.c.child))
    .where(children.c.notice == notices.c.id)
    .distinct()
)
"""Which children of a notification its school sees no more of, by their place in it."""

LINE = (
    notices.c.id,
    notices.c.ref,
    notices.c.party,
    notices.c.desk,
    notices.c.type,
    notices.c.source,
    notices.c.names,
    notices.c.happened_at,
    notices.c.received_at,
    notices.c.due_at,
    notices.c.opened_at,
    notices.c.accepted_at,
    notices.c.refused_at,
    notices.c.desk_at,
    notices.c.desk_because,
    notices.c.desk_opened_at,
    notices.c.out_of_hours_at,
    notices.c.next_step_at,
    func.array(KEPT_BACK.scalar_subquery()).label("kept_back"),
)
"""All of a notification but what it says."""


UNLESS_A_CHILD_IS_THE_DESKS: ColumnElement[Any] = case(
    (
        and_(notices.c.desk_because == Because.NOT_OUR_CHILD.value, notices.c.desk_opened_at.is_(None)),
        notices.c.next_step_at,
    ),
    else_=None,
)
"""When somebody else is told, of what the school has: never, unless the desk is to see to one of its children."""


@dataclass(frozen=True, slots=True)
class Before:
    """Where a list goes on: after this line."""

    received_at: datetime
    ref: str


def may_see(reader: Reader) -> ColumnElement[bool]:
    """The condition of every query about notifications: the reader's own parties, less what is kept from the reader."""
    own = [right.party for right in reader.rights if right.role is not Role.DESK]
    led = [right.party for right in reader.rights if right.role is Role.HEAD]
    ways: list[ColumnElement[bool]] = []
    if own:
        ways.append(and_(notices.c.party.in_(sorted(set(own))), _is_theirs(), ~_shut_out(led)))
    if reader.desks:
        ways.append(and_(notices.c.desk.in_(reader.desks), notices.c.desk_at.is_not(None)))
    return or_(*ways) if ways else false()


async def unopened(connection: AsyncConnection, reader: Reader, party: str) -> list[Any]:
    """What nobody at the party has opened yet, the earliest deadline first."""
    found = await connection.execute(
        select(*LINE)
        .where(may_see(reader), notices.c.party == party, notices.c.opened_at.is_(None), notices.c.refused_at.is_(None))
        .order_by(notices.c.due_at, notices.c.ref)
        .limit(4 * PAGE)
    )
    return list(found)


async def opened(connection: AsyncConnection, reader: Reader, party: str, before: Before | None) -> list[Any]:
    """One page of what somebody at the party has opened, the newest first, and one line more if there are more."""
    place = (notices.c.received_at, notices.c.ref)
    query = (
        select(*LINE, people.c.name.label("accepted_by_name"))
        .join(people, people.c.id == notices.c.accepted_by, isouter=True)
        .where(may_see(reader), notices.c.party == party, notices.c.opened_at.is_not(None))
        .order_by(notices.c.received_at.desc(), notices.c.ref.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(func.row(*place) < func.row(before.received_at, before.ref))
    return list(await connection.execute(query))


async def counts(connection: AsyncConnection, reader: Reader) -> dict[str, int]:
    """How many unopened notifications each of the reader's schools has."""
    found = await connection.execute(
        select(notices.c.party, func.count())
        .where(may_see(reader), notices.c.opened_at.is_(None), notices.c.refused_at.is_(None))
        .group_by(notices.c.party)
    )
    return {row[0]: row[1] for row in found}


async def find(connection: AsyncConnection, reader: Reader, ref: str) -> Any | None:
    """A notification with what it says, if the reader may see it; None whether it is another's or not there at all."""
    found = await connection.execute(
        select(*LINE, notices.c.body, notices.c.recipient, people.c.name.label("accepted_by_name"))
        .join(people, people.c.id == notices.c.accepted_by, isouter=True)
        .where(notices.c.ref == ref, may_see(reader))
    )
    return found.first()


async def known(connection: AsyncConnection, ref: str) -> str | None:
    """The notification's own id, for the access record of somebody who was refused it; never for a page."""
    found: str | None = (
        await connection.execute(select(notices.c.id).where(notices.c.ref == ref))
    ).scalar_one_or_none()
    return found


async def thread(connection: AsyncConnection, reader: Reader, notice: str, party: str) -> list[Any]:
    """What else the party was sent about the same children, the newest first."""
    same = select(children.c.child).where(children.c.notice == notice)
    others = select(children.c.notice).where(children.c.party == party, children.c.child.in_(same))
    found = await connection.execute(
        select(*LINE)
        .where(may_see(reader), notices.c.party == party, notices.c.id.in_(others), notices.c.id != notice)
        .order_by(notices.c.received_at.desc(), notices.c.ref.desc())
        .limit(PAGE)
    )
    return list(found)


async def see(connection: AsyncConnection, reader: Reader, found: Any, at: datetime) -> None:
    """Record that a person opened it: the first at the school, and the first at the education desk."""
    role = role_for(reader, found)
    next_step: ColumnElement[Any] | None
    if role is Role.DESK:
        column, did, next_step = notices.c.desk_opened_at, Did.DESK_OPENED, None
    else:
        column, did, next_step = notices.c.opened_at, Did.OPENED, UNLESS_A_CHILD_IS_THE_DESKS
    first = await connection.execute(
        update(notices)
        .where(notices.c.id == found.id, column.is_(None))
        .values({column: at, notices.c.next_step_at: next_step})
        .returning(notices.c.id)
    )
    if first.first() is not None:
        await note(connection, found.id, agency_of(found.recipient), did, at, person=reader.id, role=role)


def hidden_from(reader: Reader, found: Any) -> frozenset[int]:
    """Which children of a notification a reader is not told of; the education desk is told of all."""
    return frozenset() if role_for(reader, found) is Role.DESK else frozenset(found.kept_back)


def role_for(reader: Reader, found: Any) -> Role:
    """In which role a reader sees a notification: the school's own before the desk's."""
    return reader.role_at(found.party) or Role.DESK


def _is_theirs() -> ColumnElement[bool]:
    """Of some child of it the party has not said that it is no pupil of its own."""
    child, key = children.alias(), children.alias()
    said = exists(
        select(not_ours.c.child)
        .join(key, and_(key.c.party == not_ours.c.party, key.c.child == not_ours.c.child))
        .where(key.c.notice == child.c.notice, key.c.place == child.c.place)
    )
    # No EXISTS: PostgreSQL would read the children of every notice there is into a hash, for the few of one page.
    one = select(child.c.child).where(child.c.notice == notices.c.id, ~said).limit(1)
    return one.scalar_subquery().is_not(None)


def _shut_out(led: list[str]) -> ColumnElement[bool]:
    """The reader leads the school, and it has a conflict of interest about a child of the notification."""
    if not led:
        return false()
    return and_(
        notices.c.party.in_(led),
        exists(
            select(shut_outs.c.child)
            .join(children, and_(children.c.party == shut_outs.c.party, children.c.child == shut_outs.c.child))
            .where(
                children.c.notice == notices.c.id,
                shut_outs.c.party == notices.c.party,
                shut_outs.c.role == Role.HEAD.value,
            )
        ),
    )
