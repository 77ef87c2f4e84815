"""Finds access records: who looked at what, about a thing or by a reader, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select, tuple_

from hub.store.find import LARGEST_PAGE, PAGE, Cursor
from hub.store.tables import accesses


@dataclass(frozen=True, slots=True)
class Access:
    """One record of `hub.access.v1`."""

    lane: int
    position: int
    at_ms: int
    number: int
    hash: str
    chain_holds: bool
    signer: str | None
    fault: str | None
    """Why the report counts for nothing: a code; None of a good one."""
    id: str | None
    said_ms: int | None
    """When it was, by the clock of who reports it."""
    reader: str | None
    role: str | None
    for_party: str | None
    act: str | None
    what: str | None
    about: str | None
    why: str | None


class Accesses(NamedTuple):
    """A page of access records."""

    rows: Sequence[Access]
    more: Cursor | None
    """Where the next page begins; None: this was the last."""


def find_accesses(
    connection: Connection,
    *,
    about: str | None = None,
    reader: str | None = None,
    act: str | None = None,
    what: str | None = None,
    since_ms: int | None = None,
    until_ms: int | None = None,
    before: Cursor | None = None,
    limit: int = PAGE,
) -> Accesses:
    """Access records that fit all that is given, newest first."""
    limit = max(1, min(limit, LARGEST_PAGE))
    given = ((accesses.c.about, about), (accesses.c.reader, reader), (accesses.c.act, act), (accesses.c.what, what))
    fits: list[ColumnElement[bool]] = [column == value for column, value in given if value is not None]
    if since_ms is not None:
        fits.append(accesses.c.at_ms >= since_ms)
    if until_ms is not None:
        fits.append(accesses.c.at_ms < until_ms)
    place = (accesses.c.at_ms, accesses.c.lane, accesses.c.position)
    if before is not None:
        fits.append(tuple_(*place) < tuple_(*before))
    newest = (column.desc() for column in place)
    rows = connection.execute(select(*_SHOWN).where(*fits).order_by(*newest).limit(limit + 1)).all()
    found = [Access(**(row._asdict() | {"hash": row.hash.hex()})) for row in rows[:limit]]
    last = found[-1] if len(rows) > limit else None
    return Accesses(found, None if last is None else Cursor(last.at_ms, last.lane, last.position))


_SHOWN = tuple(accesses.c[name] for name in Access.__dataclass_fields__)
