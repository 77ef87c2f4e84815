"""What people do with a notification that they may see: take it on, ask, say that it is about no pupil of theirs."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.deadlines import Because
from adapters.schools.native import Did
from adapters.schools.reader import Reader
from adapters.schools.store.notices import note
from adapters.schools.store.shown import role_for
from adapters.schools.store.tables import children, not_ours, notices
from contracts.parties import agency_of


async def accept(connection: AsyncConnection, reader: Reader, found: Any, at: datetime) -> bool:
    """The reader handles it from now on; False where somebody does already."""
    taken = await connection.execute(
        update(notices)
        .where(notices.c.id == found.id, notices.c.accepted_at.is_(None), notices.c.refused_at.is_(None))
        .values(accepted_at=at, accepted_by=reader.id, next_step_at=None)
        .returning(notices.c.id)
    )
    if taken.first() is None:
        return False
    await _note(connection, reader, found, Did.ACCEPTED, at)
    return True


async def ask(
    connection: AsyncConnection, reader: Reader, found: Any, at: datetime, *, words: str, language: str
) -> None:
    """Put a question to the sender, in the reader's own words."""
    await _note(connection, reader, found, Did.ASKED, at, words=words, language=language)


async def disown(
    connection: AsyncConnection, reader: Reader, found: Any, at: datetime, *, places: frozenset[int], limit: datetime
) -> bool:
    """These children are no pupils of the school: it sees no more of them, and the education desk has it from now on.

    False where there is nothing more to say: a second press of the button.
    """
    keys = select(children.c.child).where(children.c.notice == found.id, children.c.place.in_(places))
    rows = [
        {"party": found.party, "child": key, "notice": found.id, "person": reader.id, "at": at}
        for key in (await connection.execute(keys)).scalars()
    ]
    if not rows:
        return False
    said = await connection.execute(upsert(not_ours).on_conflict_do_nothing().returning(not_ours.c.child), rows)
    if said.first() is None:
        return False
    await _note(connection, reader, found, Did.REFUSED, at)
    await _pass_on(connection, found, at, limit)
    all_places = select(func.count(func.distinct(children.c.place))).where(children.c.notice == found.id)
    if (await connection.execute(all_places)).scalar_one() == len(places):
        await connection.execute(
            update(notices).where(notices.c.id == found.id).values(refused_at=at, next_step_at=limit)
        )
    return True


async def _pass_on(connection: AsyncConnection, found: Any, at: datetime, limit: datetime) -> None:
    passed = await connection.execute(
        update(notices)
        .where(notices.c.id == found.id, notices.c.desk_at.is_(None))
        .values(desk_at=at, desk_because=Because.NOT_OUR_CHILD.value, next_step_at=limit)
        .returning(notices.c.id)
    )
    if passed.first() is not None:
        agency = agency_of(found.recipient)
        await note(connection, found.id, agency, Did.TO_DESK, at, because=Because.NOT_OUR_CHILD)


async def _note(
    connection: AsyncConnection,
    reader: Reader,
    found: Any,
    did: Did,
    at: datetime,
    *,
    words: str | None = None,
    language: str | None = None,
) -> None:
    await note(
        connection,
        found.id,
        agency_of(found.recipient),
        did,
        at,
        person=reader.id,
        role=role_for(reader, found),
        words=words,
        language=language,
    )
