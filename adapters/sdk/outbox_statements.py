"""The outbox's statements, made once: to make one costs as much as to run it."""

from typing import Any

from sqlalchemy import Select, Text, and_, bindparam, case, delete, insert, literal_column, select, update

from adapters.sdk.prepared import Prepared
from adapters.sdk.tables import Tables

_WAITING, _SENT = literal_column("'waiting'", Text), literal_column("'sent'", Text)
_LEAVING = ("id", "line", "event_id", "family", "subject", "hop", "value", "digest", "attempts")
_ROW = (
    "reference",
    "event_id",
    "line",
    "source",
    "subject",
    "sequence",
    "family",
    "type",
    "hop",
    "value",
    "digest",
    "state",
    "attempts",
    "taken_at",
    "due_at",
)
_STANDS = ("id", "line", "event_id", "source", "state", "at", "mended_at", "answered", "outcome", "due_at")


class OutboxStatements:
    """Those that run for every event; parameters are named in each line."""

    def __init__(self, made: Tables) -> None:
        outbox, untranslated = made.outbox, made.untranslated
        self.translated = delete(untranslated).where(untranslated.c.reference.in_(_any("references")))
        """`references`."""
        known = ("reference", "id", "line", "sequence", "state", "digest")
        self.known = select(*(outbox.c[name] for name in known)).where(outbox.c.reference.in_(_any("references")))
        """`references`."""
        self.add = Prepared(insert(outbox), _ROW)
        self.leaving = _leaving(made)
        """`now`, `most`."""
        self.unanswered = (
            select(*(outbox.c[name] for name in _LEAVING))
            .where(outbox.c.state == _SENT, outbox.c.due_at <= bindparam("now"))
            .order_by(outbox.c.due_at)
            .limit(bindparam("most"))
        )
        """`now`, `most`."""
        self.unsent = (
            select(outbox.c.id, outbox.c.line, outbox.c.digest)
            .where(outbox.c.id.in_(_any("rows")), outbox.c.state == _WAITING)
            .with_for_update()
        )
        """`rows`."""
        self.sent = _sent(made)
        """`row`, `digest_sent`, `place`, `missed`, `times`, `now`."""
        self.fewer = _fewer(made)
        """`of_line`, `fewer`, `now`."""
        self.stands = (
            select(*(outbox.c[name] for name in _STANDS), outbox.c.value.is_(None).label("cleared"))
            .where(outbox.c.event_id.in_(_any("ids")))
            .with_for_update()
        )
        """`ids`."""
        self.heard = _heard(made)
        """`row`, `to`, `settled`, `due`, `said`, `place`, `wrong`."""


def _any(name: str) -> Any:
    return bindparam(name, expanding=True)


def _leaving(made: Tables) -> Select[Any]:
    """The first unsent event of each line whose turn it is."""
    outbox, lines, earliest = made.outbox, made.outbox_lines, made.outbox.alias()
    first = (
        select(earliest.c.id)
        .where(earliest.c.line == lines.c.id, earliest.c.state == _WAITING)
        .order_by(earliest.c.sequence)
        .limit(1)
        .correlate(lines)
        .scalar_subquery()
    )
    return (
        select(*(outbox.c[name] for name in _LEAVING))
        .join_from(lines, outbox, outbox.c.id == first)
        .where(lines.c.waiting > literal_column("0"), lines.c.due_at <= bindparam("now"))
        .order_by(lines.c.due_at)
        .limit(bindparam("most"))
    )


def _sent(made: Tables) -> Prepared:
    outbox = made.outbox
    is_answered = outbox.c.answered == bindparam("place")
    return Prepared(
        update(outbox)
        # What was mended while the content of before was on its way has not been sent.
        .where(
            outbox.c.id == bindparam("row"), outbox.c.digest == bindparam("digest_sent"), outbox.c.settled_at.is_(None)
        )
        .values(
            state=case(
                (and_(is_answered, outbox.c.outcome == literal_column("'rejected'")), literal_column("'rejected'")),
                (and_(is_answered, outbox.c.outcome.is_not(None)), literal_column("'accepted'")),
                else_=_SENT,
            ),
            settled_at=case(
                (and_(is_answered, outbox.c.outcome.is_not(None)), bindparam("now", type_=outbox.c.due_at.type))
            ),
            at=bindparam("place"),
            due_at=bindparam("missed"),
            attempts=bindparam("times"),
        )
    )


def _fewer(made: Tables) -> Prepared:
    lines = made.outbox_lines
    return Prepared(
        update(lines)
        .where(lines.c.id == bindparam("of_line"))
        .values(waiting=lines.c.waiting - bindparam("fewer"), due_at=bindparam("now"))
    )


def _heard(made: Tables) -> Prepared:
    outbox = made.outbox
    return Prepared(
        update(outbox)
        .where(outbox.c.id == bindparam("row"))
        .values(
            state=bindparam("to"),
            settled_at=bindparam("settled"),
            due_at=bindparam("due"),
            outcome=bindparam("said"),
            answered=bindparam("place"),
            faults=bindparam("wrong"),
        )
    )
