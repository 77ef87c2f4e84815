"""Pointers that have to be sent: written with what they point at, sent until the mail server takes or refuses them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.deadlines import Because
from adapters.schools.native import Did
from adapters.schools.pointing import Why
from adapters.schools.store.notices import note
from adapters.schools.store.tables import notices, pointers
from contracts.parties import agency_of


async def point(
    connection: AsyncConnection, notice: str, why: Why, *, addresses: list[tuple[str, str]], at: datetime
) -> None:
    """Have pointers sent to addresses, each with its language."""
    rows = [
        {
            "id": str(uuid.uuid4()),
            "notice": notice,
            "why": why.value,
            "address": address,
            "language": language,
            "next_try_at": at,
        }
        for address, language in dict.fromkeys(addresses)
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


async def bounced(connection: AsyncConnection, pointer: str, at: datetime, *, limit: datetime) -> str | None:
    """The address takes nothing: where no other pointer got through, the education desk has the notification at once.

    Gives that desk, which is to be told; None where somebody else is or was.
    """
    found = (
        await connection.execute(
            update(pointers)
            .where(pointers.c.id == pointer, pointers.c.bounced_at.is_(None))
            .values(bounced_at=at, next_try_at=None)
            .returning(pointers.c.notice)
        )
    ).first()
    if found is None:
        return None
    other = exists(select(pointers.c.id).where(pointers.c.notice == found.notice, pointers.c.bounced_at.is_(None)))
    unread = (notices.c.opened_at.is_(None), notices.c.desk_at.is_(None), notices.c.refused_at.is_(None))
    passed = await connection.execute(
        update(notices)
        .where(notices.c.id == found.notice, *unread, ~other)
        .values(desk_at=at, desk_because=Because.POINTER_BOUNCED.value, next_step_at=limit)
        .returning(notices.c.desk)
    )
    desk: str | None = passed.scalar_one_or_none()
    recipient = select(notices.c.recipient).where(notices.c.id == found.notice)
    agency = agency_of((await connection.execute(recipient)).scalar_one())
    await note(connection, found.notice, agency, Did.BOUNCED, at)
    if desk is not None:
        await note(connection, found.notice, agency, Did.TO_DESK, at, because=Because.POINTER_BOUNCED)
    return desk


async def _changed(connection: AsyncConnection, pointer: str, **values: object) -> None:
    await connection.execute(update(pointers).where(pointers.c.id == pointer).values(**values))
