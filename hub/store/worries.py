"""Counts what may need a person: refusals by recipients, and access reports that nobody signed rightly."""

from sqlalchemy import Connection, func, select

from contracts.topics import DAY_MS, PAYLOAD_RETENTION_MS
from hub.store.tables import accesses, decisions, letters

EXPIRY_WARNING_MS = 5 * DAY_MS
"""So long before a payload expires, its dead letter is pressing."""


def count_refused(connection: Connection, *, since_ms: int) -> int:
    """Notifications of events since a moment that their recipient refused."""
    question = (
        select(func.count())
        .select_from(decisions)
        .where(decisions.c.refused_ms.is_not(None), decisions.c.at_ms >= since_ms)
    )
    return int(connection.execute(question).scalar_one())


def count_unsigned_reports(connection: Connection, *, since_ms: int) -> int:
    """Access reports since a moment that count for nothing: somebody's mistake, or an attempt."""
    question = (
        select(func.count()).select_from(accesses).where(accesses.c.fault.is_not(None), accesses.c.at_ms >= since_ms)
    )
    return int(connection.execute(question).scalar_one())


def count_letters_between(connection: Connection, *, since_ms: int, until_ms: int) -> int:
    """Dead letters of records that reached the broker in a time."""
    question = select(func.count()).select_from(letters).where(letters.c.at_ms >= since_ms, letters.c.at_ms < until_ms)
    return int(connection.execute(question).scalar_one())


def count_letters_expiring(connection: Connection, *, now_ms: int) -> int:
    """Dead letters of records that Kafka is about to drop."""
    expire = now_ms - PAYLOAD_RETENTION_MS
    return count_letters_between(connection, since_ms=expire, until_ms=expire + EXPIRY_WARNING_MS)
