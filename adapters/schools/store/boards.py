"""What an education desk has before it: what was passed on to it, and what its schools have not opened."""

from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.reader import Reader
from adapters.schools.store.shown import LINE, may_see
from adapters.schools.store.tables import notices, webhooks

MOST = 200
"""Lines; the board says how many there are in all."""


async def passed_on(connection: AsyncConnection, reader: Reader, desk: str) -> list[Any]:
    """What the desk has, unopened first, then the newest."""
    found = await connection.execute(
        select(*LINE)
        .where(may_see(reader), notices.c.desk == desk, notices.c.desk_at.is_not(None))
        .order_by(notices.c.desk_opened_at.is_not(None), notices.c.desk_at.desc(), notices.c.ref)
        .limit(MOST)
    )
    return list(found)


async def waiting(connection: AsyncConnection, reader: Reader, desk: str) -> list[Any]:
    """What the desk's schools have not opened and the desk does not have, the earliest deadline first: no content."""
    found = await connection.execute(
        select(*LINE)
        .where(
            notices.c.desk == desk,
            notices.c.desk.in_(reader.desks),
            notices.c.desk_at.is_(None),
            notices.c.opened_at.is_(None),
            notices.c.desk_opened_at.is_(None),
            notices.c.refused_at.is_(None),
        )
        .order_by(notices.c.due_at, notices.c.party, notices.c.ref)
        .limit(MOST)
    )
    return list(found)


async def systems_off(connection: AsyncConnection, reader: Reader, desk: str) -> list[Any]:
    """Which of the desk's schools have a system of their own that is turned off, and since when, the newest first."""
    theirs = exists().where(
        notices.c.party == webhooks.c.party, notices.c.desk == desk, notices.c.desk.in_(reader.desks)
    )
    found = await connection.execute(
        select(webhooks.c.party, webhooks.c.disabled_at)
        .where(webhooks.c.disabled_at.is_not(None), theirs)
        .order_by(webhooks.c.disabled_at.desc(), webhooks.c.party)
        .limit(MOST)
    )
    return list(found)
