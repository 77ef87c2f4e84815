"""Lets a person see the notifications that stand still, and decide: try again, or go on without one."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Row, select, update

from adapters.sdk import answers
from adapters.sdk.clock import Clock, moment, system_clock
from adapters.sdk.composing import Composed, composed
from adapters.sdk.errors import NotParked
from adapters.sdk.inbox import Inbox, Settled, due_of
from adapters.sdk.outcome import Refused
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.tables import Tables


@dataclass(frozen=True, slots=True)
class Parked:
    """A notification that failed too often, by ids and codes: never what it says."""

    delivery: str
    source: str
    type: str
    sequence: int
    parked_at: int
    """Milliseconds since 1970."""
    stored_at: int
    tries: int
    reason: str
    behind: int
    """So many of the same child wait behind it."""


def parked(connection: Connection, made: Tables) -> list[Parked]:
    """One for each child that stands still, the longest first."""
    inbox, lines = made.inbox, made.inbox_lines
    rows = connection.execute(
        select(inbox, lines.c.source, lines.c.parked_at, lines.c.waiting)
        .join_from(lines, inbox, inbox.c.line == lines.c.id)
        .where(lines.c.parked_at.is_not(None), inbox.c.state == "waiting", inbox.c.attempts > 0)
        .order_by(lines.c.parked_at, lines.c.id, inbox.c.sequence, inbox.c.id)
    )
    # An earlier one may have come since and failed never, so the first of a line need not be what it stands at.
    of_line: dict[int, Parked] = {}
    for row in rows:
        of_line.setdefault(row.line, _parked(row))
    return list(of_line.values())


def retry(connection: Connection, made: Tables, delivery: str, *, clock: Clock = system_clock) -> None:
    """Let the child go on with this one, as often as at first; raises NotParked."""
    row = _standing(connection, made, delivery)
    connection.execute(update(made.inbox).where(made.inbox.c.id == row.id).values(attempts=0))
    connection.execute(
        update(made.inbox_lines).where(made.inbox_lines.c.id == row.line).values(parked_at=None, due_at=clock())
    )


def skip(
    connection: Connection,
    *,
    inbox: Inbox,
    made: Tables,
    delivery: str,
    refusal: Refused,
    pseudonyms: Pseudonyms,
    clock: Clock = system_clock,
) -> bool:
    """Let the child go on without this one, and tell its sender why; whether there is a sender who is told.

    Raises NotParked, and NotAnEvent where the reason is no text that an event may hold.
    """
    row = _standing(connection, made, delivery)
    answer = _answer(row, moment_ms=clock(), refusal=refusal, pseudonyms=pseudonyms)
    inbox.settle(connection, [Settled(due_of(row, attempts=row.attempts), "skipped", row.reason, answer)])
    return bool(answer)


def _answer(row: Row[Any], *, moment_ms: int, refusal: Refused, pseudonyms: Pseudonyms) -> tuple[Composed, ...]:
    try:
        document = from_json(row.value)
        if not answers.is_answered(document["source"], row.family):
            return ()
        draft = answers.refused(document, moment(moment_ms), refusal)
    except (KeyError, TypeError, ValueError):  # it lacks what an answer must name: there is nobody to tell
        return ()
    return (composed(draft, pseudonyms),)


def _standing(connection: Connection, made: Tables, delivery: str) -> Row[Any]:
    inbox, lines = made.inbox, made.inbox_lines
    row = connection.execute(
        select(inbox)
        .join_from(lines, inbox, inbox.c.line == lines.c.id)
        .where(inbox.c.delivery_id == delivery, inbox.c.state == "waiting", lines.c.parked_at.is_not(None))
        .with_for_update(of=lines)
    ).one_or_none()
    if row is None:
        raise NotParked(
            f"{delivery}: no child stands still at this notification; `dolen adapter parked list` shows those that do"
        )
    return row


def _parked(row: Row[Any]) -> Parked:
    return Parked(
        delivery=row.delivery_id,
        source=row.source,
        type=row.type,
        sequence=row.sequence,
        parked_at=row.parked_at,
        stored_at=row.stored_at,
        tries=row.attempts,
        reason=row.reason or "",
        behind=row.waiting - 1,
    )
