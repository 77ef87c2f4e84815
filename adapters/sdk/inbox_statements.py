"""The inbox's statements, made once: to make one costs as much as to run it."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)

from adapters.sdk.prepared import Prepared
from adapters.sdk.tables import Tables

_WAITING = literal_column("'waiting'", Text)
_ROW = (
    "delivery_id",
    "line",
    "sequence",
    "family",
    "type",
    "ordered",
    "value",
    "state",
    "attempts",
    "stored_at",
    "held_until",
)
_DUE = ("id", "line", "delivery_id", "family", "type", "sequence", "value", "attempts", "reason", "ordered")
_LINE = ("id", "source", "subject", "sequence", "waiting", "due_at")


class InboxStatements:
    """Those that run for every notification; parameters are named in each line."""

    def __init__(self, made: Tables) -> None:
        inbox, lines = made.inbox, made.inbox_lines
        self.known = select(inbox.c.delivery_id).where(inbox.c.delivery_id.in_(bindparam("ids", expanding=True)))
        """`ids`."""
        self.add = Prepared(insert(inbox), _ROW)
        self.lines = (
            select(*(lines.c[name] for name in _LINE))
            .where(tuple_(lines.c.source, lines.c.subject).in_(bindparam("children", expanding=True)))
            .with_for_update()
        )
        """`children`: pairs of source and subject."""
        self.longer = Prepared(
            update(lines)
            .where(lines.c.id == bindparam("of_line"))
            .values(waiting=lines.c.waiting + bindparam("more"), due_at=bindparam("at"))
        )
        """`of_line`, `more`, `at`."""
        self.due = _due(made)
        """`now`, `most`, `but`: not of these lines."""
        self.next_due_at = select(func.min(lines.c.due_at)).where(_is_due(lines))
        self.begin = Prepared(
            update(inbox)
            .where(inbox.c.id == bindparam("row"))
            .values(attempts=bindparam("tries"), begun_at=bindparam("now"))
        )
        """`row`, `tries`, `now`."""
        self.end = Prepared(
            update(inbox)
            .where(inbox.c.id == bindparam("row"))
            .values(state=bindparam("to"), reason=bindparam("why"), begun_at=None, settled_at=bindparam("now"))
        )
        """`row`, `to`, `why`, `now`."""
        self.go_on = Prepared(_go_on(made))
        """`of_line`, `number`, `now`."""


def _due(made: Tables) -> Select[Any]:
    """The first waiting notification of each line whose turn it is at `now`, at the most `most`, `but` of some."""
    inbox, lines = made.inbox, made.inbox_lines
    first = inbox.alias()
    return (
        select(*(inbox.c[name] for name in _DUE), lines.c.sequence.label("handled"))
        .join_from(lines, inbox, inbox.c.id == _of_first(lines, first, first.c.id))
        .where(_is_due(lines), lines.c.due_at <= bindparam("now"), lines.c.id.not_in(bindparam("but", expanding=True)))
        .order_by(lines.c.due_at)
        .limit(bindparam("most"))
    )


def _go_on(made: Tables) -> Update:
    """Line `of_line` has one less, of this `number`; the next of it is due `now`, or when its window ends."""
    lines, following = made.inbox_lines, made.inbox.alias()
    now, number = bindparam("now", type_=BigInteger), bindparam("number", type_=Integer)
    handled = case((lines.c.sequence > number, lines.c.sequence), else_=number)
    turn = case(
        (following.c.sequence <= handled + literal_column("1"), now),
        (following.c.held_until <= now, now),
        else_=following.c.held_until,
    )
    return (
        update(lines)
        .where(lines.c.id == bindparam("of_line"))
        .values(
            sequence=handled,
            waiting=lines.c.waiting - literal_column("1"),
            due_at=func.coalesce(_of_first(lines, following, turn), now),
            parked_at=None,
        )
    )


def _of_first(lines: Any, waiting: Any, what: ColumnElement[int]) -> ScalarSelect[int]:
    """Something of the first notification that waits in a line."""
    return (
        select(what)
        .where(waiting.c.line == lines.c.id, waiting.c.state == _WAITING)
        .order_by(waiting.c.sequence, waiting.c.id)
        .limit(1)
        .correlate(lines)
        .scalar_subquery()
    )


def _is_due(lines: Any) -> ColumnElement[bool]:
    return and_(lines.c.waiting > literal_column("0"), lines.c.parked_at.is_(None))
