"""Pointers that have to be sent: written with what they point at, sent until the mail server takes or refuses them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.native import Did
from adapters.schools.pointing import TO_SCHOOLS, Address, Why
from adapters.schools.store.notices import note
from adapters.schools.store.tables import notices, people, pointers
from contracts.parties import agency_of


async def point(connection: AsyncConnection, notice: str, why: Why, *, addresses: list[Address], at: datetime) -> None:
    """Have pointers sent, one to each address."""
    rows = [
        {
            "id": str(uuid.uuid4()),
            "notice": notice,
            "why": why.value,
            "address": address.where,
            "language": address.language,
            "person": address.person,
            "made_at": at,
            "next_try_at": at,
        }
        for address in dict.fromkeys(addresses)
    ]
    if rows:
        await connection.execute(insert(pointers), rows)


async def next_to_send(connection: AsyncConnection, at: datetime) -> Any | None:
    """The pointer that is due first, held for this transaction, with what its message says."""
    found = await connection.execute(
        select(pointers, notices.c.ref, notices.c.due_at, notices.c.recipient)
        .join(notices, notices.c.id == pointers.c.notice)
        .where(pointers.c.next_try_at <= at)
        .order_by(pointers.c.next_try_at)
        .limit(1)
        .with_for_update(of=pointers, skip_locked=True)
    )
    return found.first()


async def sent(connection: AsyncConnection, pointer: Any, at: datetime) -> None:
    """The mail server has it."""
    await _changed(connection, pointer.id, sent_at=at, next_try_at=None)
    await note(connection, pointer.notice, agency_of(pointer.recipient), Did.POINTED, at)


async def not_yet(connection: AsyncConnection, pointer: Any, next_try_at: datetime) -> None:
    """The mail server is away, or asks to come again."""
    await _changed(connection, pointer.id, tries=pointer.tries + 1, next_try_at=next_try_at)


async def bounced(connection: AsyncConnection, pointer: str, at: datetime) -> Any | None:
    """It came back; gives the notification, `why`, and whether another pointer of its kind `reached` anybody.

    None where it came back before: then nothing changes.
    """
    back = await connection.execute(
        update(pointers)
        .where(pointers.c.id == pointer, pointers.c.bounced_at.is_(None))
        .values(bounced_at=at, next_try_at=None)
        .returning(pointers.c.notice, pointers.c.person, pointers.c.why)
    )
    found = back.first()
    if found is None:
        return None
    kind = TO_SCHOOLS if Why(found.why) in TO_SCHOOLS else {Why(found.why)}
    reached = exists().where(
        pointers.c.notice == found.notice,
        pointers.c.why.in_(sorted(why.value for why in kind)),
        pointers.c.bounced_at.is_(None),
    )
    columns = (notices.c.id, notices.c.recipient, notices.c.desk, notices.c.opened_at, notices.c.desk_opened_at)
    told = select(*columns, literal(found.why).label("why"), reached.label("reached"))
    notice = (await connection.execute(told.where(notices.c.id == found.notice))).one()
    await note(connection, notice.id, agency_of(notice.recipient), Did.BOUNCED, at, person=found.person)
    return notice


async def count_not_reached(connection: AsyncConnection, contacts: frozenset[str]) -> int:
    """From how many of these out-of-hours addresses the newest message came back."""
    newest = (
        select(pointers.c.bounced_at)
        .ext(distinct_on(pointers.c.address))
        .where(pointers.c.why == Why.OUT_OF_HOURS.value, pointers.c.address.in_(sorted(contacts)))
        .where(or_(pointers.c.sent_at.is_not(None), pointers.c.bounced_at.is_not(None)))
        .order_by(pointers.c.address, pointers.c.made_at.desc())
        .subquery()
    )
    return int((await connection.execute(select(func.count(newest.c.bounced_at)))).scalar_one())


async def is_known(connection: AsyncConnection, pointer: str) -> bool:
    """Whether the portal sent such a pointer."""
    return (await connection.execute(select(pointers.c.id).where(pointers.c.id == pointer))).first() is not None


async def told(connection: AsyncConnection, notice_ids: list[str]) -> dict[str, list[Any]]:
    """Of each notification, to whom pointers went and what became of each, in order."""
    made = await connection.execute(
        select(pointers.c.notice, pointers.c.why, pointers.c.sent_at, pointers.c.bounced_at, people.c.name)
        .join(people, people.c.id == pointers.c.person, isouter=True)
        .where(pointers.c.notice.in_(notice_ids), pointers.c.why != Why.WEBHOOK_OFF.value)
        .order_by(pointers.c.made_at, people.c.name, pointers.c.id)
    )
    found: dict[str, list[Any]] = {}
    for row in made:
        found.setdefault(row.notice, []).append(row)
    return found


async def _changed(connection: AsyncConnection, pointer: str, **values: object) -> None:
    await connection.execute(update(pointers).where(pointers.c.id == pointer).values(**values))
