"""Finds events by an id or by what they are, newest first, page after page; every way to ask has an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, select, tuple_, union

from hub.store.asked import Asked, IdForm
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
_SAME_RECORD = and_(
    decisions.c.lane == records.c.lane,
    decisions.c.position == records.c.position,
    decisions.c.at_ms == records.c.at_ms,
)
_NEWEST_RECORD = (records.c.at_ms.desc(), records.c.lane.desc(), records.c.position.desc())
_NEWEST_DECISION = (decisions.c.at_ms.desc(), decisions.c.lane.desc(), decisions.c.position.desc())


def find(connection: Connection, asked: Asked, *, before: Cursor | None = None, limit: int = PAGE) -> Page:
    """Events that fit all that is asked, newest first, from behind `before`."""
    limit = max(1, min(limit, LARGEST_PAGE))
    question = _of_recipient(asked) if asked.recipient is not None else _of_records(asked)
    table = decisions if asked.recipient is not None else records
    if before is not None:
        question = question.where(tuple_(table.c.at_ms, table.c.lane, table.c.position) < tuple_(*before))
    rows = connection.execute(question.limit(limit + 1)).all()
    found = [_found(row, with_answers=asked.recipient is not None) for row in rows[:limit]]
    return Page(found, found[-1].cursor if len(rows) > limit else None)


def _of_records(asked: Asked) -> Select[Any]:
    return select(*_LISTED).where(*_about_record(asked), *_between(asked, records.c.at_ms)).order_by(*_NEWEST_RECORD)


def _of_recipient(asked: Asked) -> Select[Any]:
    """By the recipient's own rows, whose indexes are in the order of time."""
    about = [decisions.c.told, decisions.c.recipient == asked.recipient, *_between(asked, decisions.c.at_ms)]
    if asked.type is not None:
        about.append(decisions.c.type == asked.type)
    if asked.unopened:
        about.append(decisions.c.opened_ms.is_(None))
    return (
        select(*_LISTED, *_ANSWERS)
        .join_from(decisions, records, _SAME_RECORD)
        .where(*about, *_about_record(asked))
        .order_by(*_NEWEST_DECISION)
    )


def _about_record(asked: Asked) -> list[ColumnElement[bool]]:
    about: list[ColumnElement[bool]] = []
    if asked.id is not None:
        about.append(_named(asked.id.form, asked.id.text))
    if asked.type is not None:
        about.append(records.c.type == asked.type)
    if asked.source is not None:
        about.append(records.c.source == asked.source)
    if asked.outcome is not None:
        about.append(records.c.outcome == asked.outcome)
        if asked.outcome != "accepted":
            about.append(records.c.outcome != "accepted")  # so that the indexes of the few can be used
    return about


def _named(form: IdForm, text: str) -> ColumnElement[bool]:
    match form:
        case IdForm.TRACE:
            return records.c.trace_id == text
        case IdForm.RECORD:
            topic, lane, offset = text.rsplit("/", 2)
            return and_(records.c.topic == topic, records.c.lane == int(lane), records.c.record_offset == int(offset))
        case IdForm.UUID:
            # One question for each index, then the rows: PostgreSQL doesn't combine them over two tables by itself.
            place = (records.c.lane, records.c.position, records.c.at_ms)
            ways = union(
                *(
                    select(*place).where(column == text)
                    for column in (records.c.event_id, records.c.correlation_id, records.c.subject)
                ),
                select(decisions.c.lane, decisions.c.position, decisions.c.at_ms).where(
                    decisions.c.told, decisions.c.delivery == text
                ),
            ).subquery()
            return tuple_(*place).in_(select(ways))


def _between(asked: Asked, column: ColumnElement[int]) -> list[ColumnElement[bool]]:
    since = [column >= asked.since_ms] if asked.since_ms is not None else []
    until = [column < asked.until_ms] if asked.until_ms is not None else []
    return [*since, *until]


def _found(row: Row[Any], *, with_answers: bool) -> Found:
    listed = row._asdict()
    answers = {column.name: listed.pop(column.name) for column in _ANSWERS} if with_answers else None
    listed["trace_id"] = listed["trace_id"].replace("-", "")
    return Found(**listed, answers=Answers(**answers) if answers is not None else None)
