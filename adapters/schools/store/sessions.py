"""Who is signed in: a session lives in the store, a random token for it in the cookie, and it ends when left idle."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.store.tables import attempts, sessions

A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser."""

    person: str
    csrf: str


async def begin(connection: AsyncConnection, person: str, at: datetime) -> str:
    """Sign a person in; gives the token for the cookie, which is kept nowhere else."""
    token = secrets.token_urlsafe(32)
    await connection.execute(
        insert(sessions).values(
            token=_hash(token), person=person, csrf=secrets.token_urlsafe(32), started_at=at, seen_at=at
        )
    )
    return token


async def find(
    connection: AsyncConnection, token: str, at: datetime, *, idle: timedelta, longest: timedelta
) -> Session | None:
    """The session of a cookie, if it has not ended; being asked for keeps it alive."""
    row = (await connection.execute(select(sessions).where(sessions.c.token == _hash(token)))).first()
    if row is None:
        return None
    if at - row.seen_at > idle or at - row.started_at > longest:
        await end(connection, token)
        return None
    if at - row.seen_at > A_MINUTE:  # not a write for each page
        await connection.execute(update(sessions).where(sessions.c.token == row.token).values(seen_at=at))
    return Session(row.person, row.csrf)


async def end(connection: AsyncConnection, token: str) -> None:
    """Sign out."""
    await connection.execute(delete(sessions).where(sessions.c.token == _hash(token)))


async def failed_too_often(
    connection: AsyncConnection, caller: str, at: datetime, *, most: int, within: timedelta, count: bool
) -> bool:
    """Whether sign-in failed too often from an address; `count` adds one more failure first."""
    if not count:
        recent = select(attempts.c.count).where(attempts.c.caller == _hash(caller), attempts.c.since > at - within)
        return ((await connection.execute(recent)).scalar_one_or_none() or 0) >= most
    begun = insert(attempts).values(caller=_hash(caller), since=at, count=1)
    fresh: Any = attempts.c.since > at - within
    counted = begun.on_conflict_do_update(
        index_elements=[attempts.c.caller],
        set_={
            "since": case((fresh, attempts.c.since), else_=at),
            "count": case((fresh, attempts.c.count + 1), else_=1),
        },
    ).returning(attempts.c.count)
    failures: int = (await connection.execute(counted)).scalar_one()
    return failures >= most


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
