"""What people do with a notification that they may see: take it on, ask, say that it is about no pupil of theirs."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.deadlines import Because
from adapters.schools.native import Did
from adapters.schools.passing import Passing
from adapters.schools.reader import Reader
from adapters.schools.roles import Role
from adapters.schools.store.notices import note
from adapters.schools.store.shown import UNLESS_A_CHILD_IS_THE_DESKS, role_for
from adapters.schools.store.tables import children, not_ours, notices
from contracts.parties import agency_of


async def accept(connection: AsyncConnection, reader: Reader, found: Any, at: datetime) -> bool:
    """The reader handles it from now on; False where somebody does already, or the school has nobody to handle."""
    theirs = true() if role_for(reader, found) is Role.DESK else notices.c.refused_at.is_(None)
    taken = await connection.execute(
        update(notices)
        .where(notices.c.id == found.id, notices.c.accepted_at.is_(None), theirs)
        .values(accepted_at=at, accepted_by=reader.id, next_step_at=UNLESS_A_CHILD_IS_THE_DESKS)
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
    connection: AsyncConnection, reader: Reader, found: Any, at: datetime, *, places: frozenset[int], passing: Passing
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
    if not await passing.to_desk(connection, found, Because.NOT_OUR_CHILD, at):
        await passing.tell_desk(connection, found, at)
    all_places = select(func.count(func.distinct(children.c.place))).where(children.c.notice == found.id)
    if (await connection.execute(all_places)).scalar_one() == len(places):
        limit = await passing.limit(connection, found.desk, at)
        still = case((notices.c.desk_opened_at.is_(None), limit), else_=None)
        await connection.execute(
            update(notices).where(notices.c.id == found.id).values(refused_at=at, next_step_at=still)
        )
    return True


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
