"""Decides which notification is handled next: one child's in order, a repeat never, a gap after a short wait."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
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

from adapters.sdk.arrival import Arrival, arrival
from adapters.sdk.clock import Clock, system_clock
from adapters.sdk.composing import Composed
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.receipts import HubReceipt
from adapters.sdk.store import Store
from adapters.sdk.subscriber import Received
from adapters.sdk.tables import Tables

ENDED = "process-ended"
"""The reason of a try that the adapter's own process did not live through: killed, or by this very notification."""


@dataclass(frozen=True, slots=True)
class Due:
    """One notification whose turn it is."""

    row: int
    line: int
    delivery_id: str
    family: str
    type: str
    sequence: int
    value: bytes
    attempts: int
    """Before this one."""
    missing_from: int | None
    """The first number that did not come, where this one comes before its turn."""
    suspect: bool = False
    """The process ended during its last try: it may be why, so nothing else is tried beside it."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A try that is about to be made."""

    due: Due
    told: Sequence[Composed] = ()
    """What the hub is told of it, through the outbox."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A notification that is over and done with."""

    due: Due
    state: str
    """delivered, refused or skipped."""
    reason: str | None
    answers: Sequence[Composed] = ()
    """What the sender is told, through the outbox."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A notification that is tried again at a time, or, without one, parks its child."""

    due: Due
    reason: str
    again_at: int | None


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """What waits, as the heartbeat says it."""

    waiting: int
    oldest_at: int | None
    parked_children: int
    parked: int


class Inbox:
    """An agency's notifications in its store."""

    def __init__(self, store: Store, outbox: StoredOutbox, *, window_ms: int, clock: Clock = system_clock) -> None:
        """`window_ms` is how long one that comes before its turn waits for those before it."""
        self._store = store
        self._tables = store.tables
        self._outbox = outbox
        self._window_ms = window_ms
        self._clock = clock
        # Made once: to make one costs as much as to run it.
        self._what_is_due = _what_is_due(self._tables)
        self._go_on = _go_on(self._tables)

    async def store(self, records: Sequence[Received]) -> None:
        """Put a batch where it survives a crash, and return only then; raises NotStored."""
        came = [arrival(record) for record in records]
        await self._store.write(lambda connection: self.keep(connection, came))

    def keep(self, connection: Connection, came: Sequence[Arrival | HubReceipt]) -> None:
        """Keep what is new, in the line of its child; settle the outbox by what the hub says of it."""
        self._outbox.settle(connection, (item for item in came if isinstance(item, HubReceipt)))
        new = self._new(connection, [item for item in came if isinstance(item, Arrival)])
        if not new:
            return
        now = self._clock()
        of_child: dict[tuple[str, str], list[Arrival]] = {}
        for item in new:
            of_child.setdefault((item.source, item.subject), []).append(item)
        lines = self._lines(connection, of_child, now)
        connection.execute(insert(self._tables.inbox), [self._row(item, lines, now) for item in new])

    def due(self, connection: Connection, limit: int, but: Collection[int] = ()) -> list[Due]:
        """The first waiting notification of each child whose turn it is, the longest due first; `but`: not of lines."""
        rows = connection.execute(self._what_is_due, {"now": self._clock(), "most": limit, "but": list(but)})
        return [due_of(row, attempts=row.attempts, missing_from=_missing_from(row)) for row in rows]

    def begin(self, connection: Connection, begun: Sequence[Begun]) -> Sequence[None]:
        """Count tries before they are made, since one may be the end of this process; and what the hub is told."""
        inbox = self._tables.inbox
        connection.execute(
            update(inbox)
            .where(inbox.c.id == bindparam("row"))
            .values(attempts=bindparam("tries"), begun_at=self._clock()),
            [{"row": one.due.row, "tries": one.due.attempts + 1} for one in begun],
        )
        self._outbox.add_all(connection, [event for one in begun for event in one.told])
        return [None] * len(begun)

    def under_way(self, connection: Connection) -> list[Due]:
        """What was begun and has no outcome: asked at the start, what the process before this one left."""
        inbox = self._tables.inbox
        rows = connection.execute(select(inbox).where(inbox.c.begun_at.is_not(None)).order_by(inbox.c.begun_at))
        return [due_of(row, attempts=row.attempts - 1) for row in rows]

    def next_due_at(self, connection: Connection) -> int | None:
        """When the next one's turn comes."""
        lines = self._tables.inbox_lines
        at: int | None = connection.execute(select(func.min(lines.c.due_at)).where(_is_due(lines))).scalar_one()
        return at

    def settle(self, connection: Connection, done: Iterable[Settled | Failed]) -> None:
        """Write what became of notifications, and what their senders are told, in one transaction."""
        items = list(done)
        settled = [item for item in items if isinstance(item, Settled)]
        self._outbox.add_all(connection, [answer for item in settled for answer in item.answers])
        self._end(connection, settled)
        for failed in (item for item in items if isinstance(item, Failed)):
            self._fail(connection, failed)

    def counts(self, connection: Connection) -> InboxCounts:
        inbox, lines = self._tables.inbox, self._tables.inbox_lines
        oldest = connection.execute(
            select(func.min(inbox.c.stored_at)).where(inbox.c.state == literal_column("'waiting'"))
        ).scalar_one()
        waiting = connection.execute(
            select(func.coalesce(func.sum(lines.c.waiting), 0)).where(lines.c.waiting > literal_column("0"))
        ).scalar_one()
        children, parked = connection.execute(
            select(func.count(), func.coalesce(func.sum(lines.c.waiting), 0)).where(lines.c.parked_at.is_not(None))
        ).one()
        return InboxCounts(int(waiting), oldest, children, int(parked))

    # -- parts

    def _new(self, connection: Connection, came: Sequence[Arrival]) -> list[Arrival]:
        """Those whose id is not known, each once."""
        inbox = self._tables.inbox
        by_id = {item.delivery_id: item for item in reversed(came)}
        if not by_id:
            return []
        known = connection.execute(select(inbox.c.delivery_id).where(inbox.c.delivery_id.in_(by_id)))
        for row in known:
            del by_id[row.delivery_id]
        return [item for item in came if by_id.get(item.delivery_id) is item]

    def _lines(
        self, connection: Connection, of_child: Mapping[tuple[str, str], Sequence[Arrival]], now: int
    ) -> dict[tuple[str, str], int]:
        """The line of each child, with so many more that wait in it."""
        lines = self._tables.inbox_lines
        children = sorted(of_child)
        found = connection.execute(
            select(*(lines.c[name] for name in ("id", "source", "subject", "sequence", "waiting", "due_at")))
            .where(tuple_(lines.c.source, lines.c.subject).in_(children))
            .with_for_update()
        )
        known = {(row.source, row.subject): row for row in found}
        if known:
            connection.execute(
                update(lines)
                .where(lines.c.id == bindparam("line"))
                .values(waiting=lines.c.waiting + bindparam("more"), due_at=bindparam("at")),
                [
                    {"line": row.id, "more": len(of_child[child]), "at": self._due_at(of_child[child], now, row)}
                    for child, row in known.items()
                ],
            )
        new = [child for child in children if child not in known]
        if new:
            made = connection.execute(
                insert(lines).returning(lines.c.id, lines.c.source, lines.c.subject),
                [
                    {
                        "source": child[0],
                        "subject": child[1],
                        "sequence": 0,
                        "waiting": len(of_child[child]),
                        "due_at": self._due_at(of_child[child], now),
                    }
                    for child in new
                ],
            )
            known |= {(row.source, row.subject): row for row in made}
        return {child: row.id for child, row in known.items()}

    def _due_at(self, items: Sequence[Arrival], now: int, line: Any = None) -> int:
        """When a line's first one is due, now that these are in it."""
        lowest = min((item.sequence for item in items if item.ordered), default=None)
        if lowest is not None and lowest <= (0 if line is None else line.sequence) + 1:
            return now  # an earlier one than all that wait goes at once
        if line is not None and line.waiting:
            return int(line.due_at)
        return now if lowest is None else now + self._window_ms

    def _row(self, item: Arrival, lines: dict[tuple[str, str], int], now: int) -> dict[str, Any]:
        return {
            "delivery_id": item.delivery_id,
            "line": lines[item.source, item.subject],
            "sequence": item.sequence,
            "family": item.family,
            "type": item.type,
            "ordered": item.ordered,
            "value": item.value,
            "state": "waiting",
            "attempts": 0,
            "stored_at": now,
            "held_until": now + self._window_ms if item.ordered else now,
        }

    def _end(self, connection: Connection, settled: Sequence[Settled]) -> None:
        if not settled:
            return
        inbox, now = self._tables.inbox, self._clock()
        connection.execute(
            update(inbox)
            .where(inbox.c.id == bindparam("row"))
            .values(state=bindparam("to"), reason=bindparam("why"), begun_at=None, settled_at=now),
            [{"row": item.due.row, "to": item.state, "why": item.reason} for item in settled],
        )
        connection.execute(
            self._go_on,
            [{"line_id": item.due.line, "number": item.due.sequence, "now": now} for item in settled],
        )

    def _fail(self, connection: Connection, failed: Failed) -> None:
        inbox, lines, due = self._tables.inbox, self._tables.inbox_lines, failed.due
        tried = {"attempts": due.attempts + 1, "reason": failed.reason, "begun_at": None}
        connection.execute(update(inbox).where(inbox.c.id == due.row).values(**tried))
        values = {"parked_at": self._clock()} if failed.again_at is None else {"due_at": failed.again_at}
        connection.execute(update(lines).where(lines.c.id == due.line).values(**values))


def due_of(row: Any, *, attempts: int, missing_from: int | None = None) -> Due:
    """A row of the inbox, as what is to be handled."""
    return Due(
        row=row.id,
        line=row.line,
        delivery_id=row.delivery_id,
        family=row.family,
        type=row.type,
        sequence=row.sequence,
        value=row.value,
        attempts=attempts,
        missing_from=missing_from,
        suspect=row.reason == ENDED,
    )


def _missing_from(row: Any) -> int | None:
    """The first number that did not come; none before a child's first notification, which is its beginning here."""
    return row.handled + 1 if row.ordered and row.handled and row.sequence > row.handled + 1 else None


def _what_is_due(tables: Tables) -> Select[Any]:
    """The first waiting notification of each line whose turn it is at `now`, at the most `most`, `but` of some."""
    inbox, lines = tables.inbox, tables.inbox_lines
    first = inbox.alias()
    first_id = (
        select(first.c.id)
        .where(first.c.line == lines.c.id, first.c.state == literal_column("'waiting'"))
        .order_by(first.c.sequence, first.c.id)
        .limit(1)
        .correlate(lines)
        .scalar_subquery()
    )
    names = ("id", "line", "delivery_id", "family", "type", "sequence", "value", "attempts", "reason", "ordered")
    return (
        select(*(inbox.c[name] for name in names), lines.c.sequence.label("handled"))
        .join_from(lines, inbox, inbox.c.id == first_id)
        .where(_is_due(lines), lines.c.due_at <= bindparam("now"), lines.c.id.not_in(bindparam("but", expanding=True)))
        .order_by(lines.c.due_at)
        .limit(bindparam("most"))
    )


def _go_on(tables: Tables) -> Update:
    """Line `line_id` has one less, of this `number`; the next of it is due `now`, or when its window ends."""
    lines, following = tables.inbox_lines, tables.inbox.alias()
    now, number = bindparam("now", type_=BigInteger), bindparam("number", type_=Integer)
    handled = case((lines.c.sequence > number, lines.c.sequence), else_=number)
    turn = case(
        (following.c.sequence <= handled + 1, now),
        (following.c.held_until <= now, now),
        else_=following.c.held_until,
    )
    next_at = (
        select(turn)
        .where(following.c.line == lines.c.id, following.c.state == literal_column("'waiting'"))
        .order_by(following.c.sequence, following.c.id)
        .limit(1)
        .correlate(lines)
        .scalar_subquery()
    )
    return (
        update(lines)
        .where(lines.c.id == bindparam("line_id"))
        .values(sequence=handled, waiting=lines.c.waiting - 1, due_at=func.coalesce(next_at, now), parked_at=None)
    )


def _is_due(lines: Any) -> ColumnElement[bool]:
    return and_(lines.c.waiting > literal_column("0"), lines.c.parked_at.is_(None))
