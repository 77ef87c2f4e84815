"""Finds events by an id or by what they are, newest first, page after page; every way to ask has an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    bindparam,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from hub.store.asked import Asked, Id, IdForm
from hub.store.tables import decisions, records

PAGE = 50
LARGEST_PAGE = 1000


class Cursor(NamedTuple):
    """The last row of a page: the next page begins behind it."""

    at_ms: int
    lane: int
    position: int

    def __str__(self) -> str:
        return f"{self.at_ms}.{self.lane}.{self.position}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """What `str` made; None where `text` is something else."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            return None
        found = cls(*map(int, parts))
        return found if found.lane < 32_768 else None


@dataclass(frozen=True, slots=True)
class Answers:
    """When the hub heard which answer of one recipient first; broker times."""

    recipient: str
    delivery: str
    delivered_ms: int | None
    opened_ms: int | None
    accepted_ms: int | None
    refused_ms: int | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """One inbound record, as a list shows it."""

    lane: int
    position: int
    at_ms: int
    topic: str
    record_offset: int
    outcome: str
    source: str | None
    event_id: str | None
    type: str | None
    subject: str | None
    correlation_id: str | None
    trace_id: str
    """32 hexadecimal digits, as traces write it."""
    told: int
    not_told: int
    chain_holds: bool
    answers: Answers | None = None
    """Of the recipient that was asked for."""

    @property
    def coordinates(self) -> str:
        """The inbound record's."""
        return f"{self.topic}/{self.lane}/{self.record_offset}"

    @property
    def cursor(self) -> Cursor:
        """Where the next page begins if this is the last row of this one."""
        return Cursor(self.at_ms, self.lane, self.position)


class Page(NamedTuple):
    """Some of what was found."""

    rows: Sequence[Found]
    more: Cursor | None
    """Where the next page begins; None: this was the last."""


_LISTED = (
    records.c.lane,
    records.c.position,
    records.c.at_ms,
    records.c.topic,
    records.c.record_offset,
    records.c.outcome,
    records.c.source,
    records.c.event_id,
    records.c.type,
    records.c.subject,
    records.c.correlation_id,
    records.c.trace_id,
    records.c.told,
    records.c.not_told,
    records.c.chain_holds,
)
_ANSWERS = (
    decisions.c.recipient,
    decisions.c.delivery,
    decisions.c.delivered_ms,
    decisions.c.opened_ms,
    decisions.c.accepted_ms,
    decisions.c.refused_ms,
    decisions.c.refusal,
)
_PLACE = ("at_ms", "lane", "position")
_ACCEPTED = "accepted"

_Columns = ReadOnlyColumnCollection[str, Any]


def find(connection: Connection, asked: Asked, *, before: Cursor | None = None, limit: int = PAGE) -> Page:
    """Events that fit all that is asked, newest first, from behind `before`."""
    if asked.recipient is not None and asked.outcome not in (None, _ACCEPTED):
        return Page([], None)  # nobody is told of what was turned away
    limit = max(1, min(limit, LARGEST_PAGE))
    rows = connection.execute(question(asked, before).limit(limit + 1)).all()
    found = [_found(row, with_answers=asked.recipient is not None) for row in rows[:limit]]
    return Page(found, found[-1].cursor if len(rows) > limit else None)


def question(asked: Asked, before: Cursor | None) -> Select[Any]:
    """What is asked, as SQL: where records stand, by one index that has them in order, then the record at each place.

    The two are never joined freely: PostgreSQL would take their places for far rarer than they are, and read all.
    """
    if asked.id is not None:
        return _by_id(asked, asked.id, before)
    if asked.recipient is not None:
        return _by_recipient(asked, before)
    return _page(select(*_LISTED).where(*_of_record(asked)), records.c, before)


def _by_id(asked: Asked, wanted: Id, before: Cursor | None) -> Select[Any]:
    """An id's records are few: all else is asked of those."""
    places = _named(wanted, asked).subquery("places")
    record = select(*_LISTED).where(*_at(records.c, places.c), *_of_record(asked)).limit(1).lateral("record")
    if asked.recipient is None:
        return _page(select(*record.c).select_from(places).join(record, true()), places.c, before)
    told = select(*_ANSWERS).where(*_at(decisions.c, places.c), *_of_decision(asked)).limit(1).lateral("told")
    both = select(*record.c, *told.c).select_from(places).join(record, true()).join(told, true())
    return _page(both, places.c, before)


def _by_recipient(asked: Asked, before: Cursor | None) -> Select[Any]:
    """By the recipient's own rows, whose indexes are in the order of time."""
    record = select(*_LISTED).where(*_at(records.c, decisions.c)).limit(1).lateral("record")
    both = select(*record.c, *_ANSWERS).select_from(decisions).join(record, true())
    return _page(both.where(*_of_decision(asked)), decisions.c, before)


def _page(question: Select[Any], place: _Columns, before: Cursor | None) -> Select[Any]:
    """Newest first, from behind the cursor."""
    columns = [place[name] for name in _PLACE]
    if before is not None:  # the first part says it again, by which newer months are left out
        question = question.where(place.at_ms <= before.at_ms, tuple_(*columns) < tuple_(*before))
    return question.order_by(*(column.desc() for column in columns))


def _named(wanted: Id, asked: Asked) -> Select[Any] | CompoundSelect[Any]:
    """Where the records of an id stand."""
    place = select(*(records.c[name] for name in _PLACE)).where(*_between(asked, records.c.at_ms))
    match wanted.form:
        case IdForm.TRACE:
            return place.where(records.c.trace_id == wanted.text)
        case IdForm.RECORD:
            topic, lane, offset = wanted.text.rsplit("/", 2)
            return place.where(
                records.c.topic == topic, records.c.lane == int(lane), records.c.record_offset == int(offset)
            )
        case IdForm.UUID:
            told = select(*(decisions.c[name] for name in _PLACE)).where(*_between(asked, decisions.c.at_ms))
            return union(
                place.where(records.c.event_id == wanted.text),
                place.where(records.c.correlation_id == wanted.text),
                place.where(records.c.subject == wanted.text),
                told.where(decisions.c.told, decisions.c.delivery == wanted.text),
            )


def _at(one: _Columns, other: _Columns) -> list[ColumnElement[bool]]:
    return [one[name] == other[name] for name in _PLACE]


def _of_record(asked: Asked) -> list[ColumnElement[bool]]:
    about = _between(asked, records.c.at_ms)
    if asked.type is not None:
        about.append(records.c.type == asked.type)
    if asked.source is not None:
        about.append(records.c.source == asked.source)
    if asked.outcome is not None:
        # Written out, so that PostgreSQL sees which questions the indexes of what was turned away can answer.
        about.append(records.c.outcome == bindparam("outcome", asked.outcome, literal_execute=True))
    return about


def _of_decision(asked: Asked) -> list[ColumnElement[bool]]:
    about = [decisions.c.told, decisions.c.recipient == asked.recipient, *_between(asked, decisions.c.at_ms)]
    if asked.type is not None:
        about.append(decisions.c.type == asked.type)
    if asked.source is not None:
        about.append(decisions.c.source == asked.source)
    if asked.unopened:
        about.append(decisions.c.opened_ms.is_(None))
    return about


def _between(asked: Asked, column: ColumnElement[int]) -> list[ColumnElement[bool]]:
    since = [column >= asked.since_ms] if asked.since_ms is not None else []
    until = [column < asked.until_ms] if asked.until_ms is not None else []
    return [*since, *until]


def _found(row: Row[Any], *, with_answers: bool) -> Found:
    listed = row._asdict()
    answers = {column.name: listed.pop(column.name) for column in _ANSWERS} if with_answers else None
    listed["trace_id"] = listed["trace_id"].replace("-", "")
    return Found(**listed, answers=Answers(**answers) if answers is not None else None)
