"""Decides which notification is handled next: one child's in order, a repeat never, a gap after a short wait."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, literal_column, select, update

from adapters.sdk.arrival import Arrival, arrival
from adapters.sdk.clock import Clock, system_clock
from adapters.sdk.composing import Composed
from adapters.sdk.inbox_statements import InboxStatements
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.receipts import HubReceipt
from adapters.sdk.store import Store
from adapters.sdk.subscriber import Received

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
    """A try that is counted, and about to be made."""

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
        self._statements = InboxStatements(store.tables)
        self._outbox = outbox
        self._window_ms = window_ms
        self._clock = clock

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
        self._statements.add.run(connection, [self._row(item, lines, now) for item in new])

    def due(self, connection: Connection, limit: int, but: Collection[int] = ()) -> list[Due]:
        """The first waiting notification of each child whose turn it is, the longest due first; `but`: not of lines."""
        rows = connection.execute(self._statements.due, {"now": self._clock(), "most": limit, "but": list(but)})
        return [due_of(row, attempts=row.attempts, missing_from=_missing_from(row)) for row in rows]

    def begin(self, connection: Connection, begun: Sequence[Begun]) -> None:
        """Count tries before they are made, since one may be the end of this process; and what the hub is told."""
        now = self._clock()
        self._statements.begin.run(
            connection, [{"row": one.due.row, "tries": one.due.attempts + 1, "now": now} for one in begun]
        )
        self._outbox.add_all(connection, [event for one in begun for event in one.told])

    def under_way(self, connection: Connection) -> list[Due]:
        """What was begun and has no outcome: asked at the start, what the process before this one left."""
        inbox = self._tables.inbox
        rows = connection.execute(select(inbox).where(inbox.c.begun_at.is_not(None)).order_by(inbox.c.begun_at))
        return [due_of(row, attempts=row.attempts - 1) for row in rows]

    def next_due_at(self, connection: Connection) -> int | None:
        """When the next one's turn comes."""
        at: int | None = connection.execute(self._statements.next_due_at).scalar_one()
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
        by_id = {item.delivery_id: item for item in reversed(came)}
        if not by_id:
            return []
        known = connection.execute(self._statements.known, {"ids": list(by_id)})
        for row in known:
            del by_id[row.delivery_id]
        return [item for item in came if by_id.get(item.delivery_id) is item]

    def _lines(
        self, connection: Connection, of_child: Mapping[tuple[str, str], Sequence[Arrival]], now: int
    ) -> dict[tuple[str, str], int]:
        """The line of each child, with so many more that wait in it."""
        lines = self._tables.inbox_lines
        children = sorted(of_child)
        found = connection.execute(self._statements.lines, {"children": children})
        known = {(row.source, row.subject): row for row in found}
        self._statements.longer.run(
            connection,
            [
                {"of_line": row.id, "more": len(of_child[child]), "at": self._due_at(of_child[child], now, row)}
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
        now = self._clock()
        self._statements.end.run(
            connection,
            [{"row": item.due.row, "to": item.state, "why": item.reason, "now": now} for item in settled],
        )
        self._statements.go_on.run(
            connection, [{"of_line": item.due.line, "number": item.due.sequence, "now": now} for item in settled]
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
