"""Who is signed in to the console: a session lives here, a random token for it in the cookie, and it ends when idle."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from hub.store.tables import console_failures, console_sessions

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser."""

    reader: str
    """The `sub` that the identity provider gives."""
    roles: tuple[str, ...]
    csrf: str


def begin_session(connection: Connection, *, reader: str, roles: tuple[str, ...], at_ms: int, longest_ms: int) -> str:
    """Sign somebody in; gives the token for the cookie, which is kept nowhere else. Sessions past their time go."""
    connection.execute(delete(console_sessions).where(console_sessions.c.started_ms < at_ms - longest_ms))
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(console_sessions).values(
            token=_hash(token),
            reader=reader,
            roles=list(roles),
            csrf=secrets.token_urlsafe(32),
            started_ms=at_ms,
            seen_ms=at_ms,
        )
    )
    return token


def find_session(
    connection: Connection, token: str, *, at_ms: int, idle_ms: int, longest_ms: int, touch: bool = True
) -> Session | None:
    """The session of a cookie, if it has not ended; being asked for keeps it alive, unless `touch` is false."""
    here = console_sessions.c.token == _hash(token)
    row = connection.execute(select(console_sessions).where(here)).first()
    if row is None:
        return None
    if at_ms - row.seen_ms > idle_ms or at_ms - row.started_ms > longest_ms:
        end_session(connection, token)
        return None
    if touch and at_ms - row.seen_ms > MINUTE_MS:  # not a write for each page
        connection.execute(update(console_sessions).where(here).values(seen_ms=at_ms))
    return Session(row.reader, tuple(row.roles), row.csrf)


def end_session(connection: Connection, token: str) -> None:
    """Sign out."""
    connection.execute(delete(console_sessions).where(console_sessions.c.token == _hash(token)))


def failed_too_often(
    connection: Connection, caller: str, *, at_ms: int, most: int, within_ms: int, count: bool
) -> bool:
    """Whether sign-in failed too often from an address; `count` adds one more failure first."""
    fresh: Any = console_failures.c.since_ms > at_ms - within_ms
    if not count:
        recent = select(console_failures.c.count).where(console_failures.c.caller == _hash(caller), fresh)
        return (connection.execute(recent).scalar_one_or_none() or 0) >= most
    begun = insert(console_failures).values(caller=_hash(caller), since_ms=at_ms, count=1)
    counted = begun.on_conflict_do_update(
        index_elements=[console_failures.c.caller],
        set_={
            "since_ms": case((fresh, console_failures.c.since_ms), else_=at_ms),
            "count": case((fresh, console_failures.c.count + 1), else_=1),
        },
    ).returning(console_failures.c.count)
    failures: int = connection.execute(counted).scalar_one()
    return failures >= most


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
