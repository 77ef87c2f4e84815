"""People and their rights: who may sign in, and for which school or education desk."""

import uuid
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.reader import Reader, Right
from adapters.schools.roles import SCHOOL_ROLES, Role
from adapters.schools.store.tables import people, rights, sessions


async def put(
    connection: AsyncConnection,
    *,
    subject: str,
    name: str,
    granted: tuple[Right, ...],
    email: str | None = None,
    mobile: str | None = None,
    at: datetime,
) -> str:
    """Add a person, or change who the person is; rights that are there already stay. Gives the person's id."""
    added = insert(people).values(
        id=str(uuid.uuid4()), subject=subject, name=name, email=email, mobile=mobile, active=True, created_at=at
    )
    changed = added.on_conflict_do_update(
        index_elements=[people.c.subject],
        set_={
            "name": added.excluded.name,
            "email": func.coalesce(added.excluded.email, people.c.email),
            "mobile": func.coalesce(added.excluded.mobile, people.c.mobile),
            "active": True,
        },
    ).returning(people.c.id)
    person: str = (await connection.execute(changed)).scalar_one()
    for right in granted:
        values = {"person": person, "party": right.party, "role": right.role.value}
        await connection.execute(insert(rights).values(**values).on_conflict_do_nothing())
    return person


async def remove(connection: AsyncConnection, subject: str, *, party: str | None = None) -> bool:
    """End a person's rights at one party, or all of them; whoever has none left is signed out and can't come in."""
    person = (await connection.execute(select(people.c.id).where(people.c.subject == subject))).scalar_one_or_none()
    if person is None:
        return False
    ended = delete(rights).where(rights.c.person == person)
    await connection.execute(ended if party is None else ended.where(rights.c.party == party))
    left = (await connection.execute(select(func.count()).where(rights.c.person == person))).scalar_one()
    if not left:
        await connection.execute(update(people).where(people.c.id == person).values(active=False))
    await connection.execute(delete(sessions).where(sessions.c.person == person))
    return True


async def by_subject(connection: AsyncConnection, subject: str) -> Reader | None:
    """Whoever the identity provider says has come, if the portal knows the person."""
    return await _reader(connection, people.c.subject == subject)


async def by_id(connection: AsyncConnection, person: str) -> Reader | None:
    """A person of the portal, if still one."""
    return await _reader(connection, people.c.id == person)


async def everybody(connection: AsyncConnection, *, most: int | None = None) -> list[Reader]:
    """All who can sign in, by name, or the first of them."""
    first = select(people.c.id).where(people.c.active).order_by(people.c.name, people.c.id).limit(most)
    return await _readers(connection, people.c.id.in_(first))


async def designated(connection: AsyncConnection, party: str) -> list[Any]:
    """Who is to be told of a notification to a party: id, email, mobile and language of each, one row a person."""
    wanted = SCHOOL_ROLES - {Role.HEAD} if party.startswith("/schools/") else {Role.DESK}
    found = await connection.execute(
        select(people.c.id, people.c.email, people.c.mobile, people.c.language)
        .distinct()
        .join(rights, rights.c.person == people.c.id)
        .where(people.c.active, rights.c.party == party, rights.c.role.in_([role.value for role in wanted]))
        .order_by(people.c.id)
    )
    return list(found)


async def choose_language(connection: AsyncConnection, person: str, language: str) -> None:
    """Keep the language that a person turned to."""
    await connection.execute(update(people).where(people.c.id == person).values(language=language))


async def _reader(connection: AsyncConnection, which: Any) -> Reader | None:
    found = await _readers(connection, which)
    return found[0] if found else None


async def _readers(connection: AsyncConnection, which: Any) -> list[Reader]:
    """Those of whom something holds and who have a right, with all their rights, by name."""
    found = await connection.execute(
        select(people.c.id, people.c.subject, people.c.name, people.c.language, rights.c.party, rights.c.role)
        .join(rights, rights.c.person == people.c.id)
        .where(which, people.c.active)
        .order_by(people.c.name, people.c.id, rights.c.party, rights.c.role)
    )
    readers = []
    for _, rows in groupby(found, key=lambda row: row.id):
        first, *others = rows
        granted = tuple(Right(row.party, Role(row.role)) for row in (first, *others))
        readers.append(Reader(first.id, first.subject, first.name, first.language, granted))
    return readers
