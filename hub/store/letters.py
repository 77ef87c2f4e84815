"""Finds dead letters: by reason, sender and time, newest first; and how many there are of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, tuple_

from contracts.parties import agency_uri
from hub.dead_letter import DeadLetter
from hub.store.asked import Id, IdForm
from hub.store.find import LARGEST_PAGE, PAGE, Cursor
from hub.store.tables import letters

_NEWEST = (letters.c.at_ms.desc(), letters.c.lane.desc(), letters.c.position.desc())


class Letters(NamedTuple):
    """A page of dead letters."""

    rows: Sequence[DeadLetter]
    more: Cursor | None
    """Where the next page begins; None: this was the last."""


@dataclass(frozen=True, slots=True)
class LetterCount:
    """How many letters have one code and one sender; a letter with two codes counts for each."""

    code: str
    sender: str
    """The agency that signed; the party that the event names where nobody did; else empty."""
    count: int
    newest_ms: int


def find_letters(
    connection: Connection,
    *,
    code: str | None = None,
    sender: str | None = None,
    since_ms: int | None = None,
    until_ms: int | None = None,
    before: Cursor | None = None,
    limit: int = PAGE,
) -> Letters:
    """Letters with a fault of this code, from this agency (by its signature or its claim), newest first."""
    limit = max(1, min(limit, LARGEST_PAGE))
    question = select(letters).where(*_about(code, sender, since_ms, until_ms)).order_by(*_NEWEST)
    if before is not None:
        question = question.where(tuple_(letters.c.at_ms, letters.c.lane, letters.c.position) < tuple_(*before))
    rows = connection.execute(question.limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    more = None if last is None else Cursor(last.at_ms, last.lane, last.position)
    return Letters([_letter(row) for row in rows[:limit]], more)


def letter(connection: Connection, asked: Id) -> DeadLetter | None:
    """The dead letter of one inbound record."""
    if asked.form is not IdForm.RECORD:
        return None
    topic, lane, offset = asked.text.rsplit("/", 2)
    row = connection.execute(
        select(letters).where(
            letters.c.record_offset == int(offset), letters.c.lane == int(lane), letters.c.topic == topic
        )
    ).first()
    return None if row is None else _letter(row)


def count_letters(connection: Connection, *, since_ms: int) -> list[LetterCount]:
    """How many letters there are of each code and sender since a moment, the most first."""
    code = func.unnest(letters.c.codes).label("code")
    sender = func.coalesce(letters.c.signer, letters.c.source, "").label("sender")
    each = select(code, sender, letters.c.at_ms).where(letters.c.at_ms >= since_ms).subquery()
    rows = connection.execute(
        select(each.c.code, each.c.sender, func.count().label("count"), func.max(each.c.at_ms).label("newest_ms"))
        .group_by(each.c.code, each.c.sender)
        .order_by(func.count().desc(), each.c.code, each.c.sender)
    )
    return [LetterCount(**row._asdict()) for row in rows]


def _about(
    code: str | None, sender: str | None, since_ms: int | None, until_ms: int | None
) -> list[ColumnElement[bool]]:
    about: list[ColumnElement[bool]] = []
    if code is not None:
        about.append(letters.c.codes.contains([code]))
    if sender is not None:
        about.append(or_(letters.c.signer == sender, letters.c.source.in_([sender, agency_uri(sender)])))
    if since_ms is not None:
        about.append(letters.c.at_ms >= since_ms)
    if until_ms is not None:
        about.append(letters.c.at_ms < until_ms)
    return about


def _letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter.model_validate(
        {
            "at": {"topic": row.topic, "partition": row.lane, "offset": row.record_offset, "time_ms": row.at_ms},
            "outcome": row.outcome,
            "source": row.source,
            "event_id": row.event_id,
            "event_type": row.event_type,
            "signer": row.signer,
            "key_id": row.key_id,
            "faults": row.faults,
            "first": row.first,
        }
    )
