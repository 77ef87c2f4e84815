"""Decides what is taken to be sent, under which number, and when an event is over and done with."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import structlog
from sqlalchemy import Connection, case, func, literal_column, select, update

from adapters.sdk.clock import Clock, system_clock
from adapters.sdk.composing import Composed, composed
from adapters.sdk.declaration import Draft, NotTranslated, Taken
from adapters.sdk.outbox_statements import OutboxStatements
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.receipts import HubReceipt
from adapters.sdk.settling import Stands, State, heard, is_of_ours
from adapters.sdk.store import Store
from adapters.sdk.upsert import upsert
from contracts.topics import Family

log = structlog.get_logger("dolen.adapter")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leaving:
    """One event that is due to be sent."""

    row: int
    line: int
    event_id: str
    family: Family
    subject: str
    hop: bytes
    value: bytes
    digest: str
    attempts: int


@dataclass(frozen=True, slots=True)
class HubAnswer:
    """What the hub made of an event."""

    state: Literal["accepted", "rejected"]
    faults: Sequence[Mapping[str, str]] = ()
    """Code, path, rule and remedy of each thing wrong."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an event has come."""

    state: State
    faults: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """What waits, as the heartbeat says it."""

    waiting: int
    """Without the hub's receipt."""
    oldest_at: int | None
    rejected: int
    untranslated: int


class StoredOutbox:
    """An agency's outbox in its store; the `Outbox` that an adapter is given."""

    def __init__(self, store: Store, pseudonyms: Pseudonyms, *, clock: Clock = system_clock) -> None:
        self._store = store
        self._tables = store.tables
        self._statements = OutboxStatements(store.tables)
        self._pseudonyms = pseudonyms
        self._clock = clock
        self.stirred = asyncio.Event()
        """Set when something new may be due."""

    @property
    def is_postgresql(self) -> bool:
        """Whether the store is one that a system's own tables can share."""
        return not self._store.is_sqlite

    async def together(self, operation: Callable[[Connection], T]) -> T:
        """Run an operation in a transaction of the store's, for what is kept or lost together; `put_in` inside it."""
        done = await self._store.write(operation)
        self.stirred.set()
        return done

    async def answers(self, event_ids: Sequence[str]) -> dict[str, HubAnswer]:
        """What the hub made of these events, as far as it has said."""
        outbox = self._tables.outbox
        rows = await self._store.read(
            lambda connection: connection.execute(
                select(outbox.c.event_id, outbox.c.state, outbox.c.faults).where(
                    outbox.c.event_id.in_(event_ids), outbox.c.state.in_(("accepted", "rejected"))
                )
            ).all()
        )
        return {row.event_id: HubAnswer(row.state, tuple(json.loads(row.faults or "[]"))) for row in rows}

    @property
    def schema(self) -> str | None:
        """The schema of the store's tables, for those of an adapter's own beside them."""
        return self._tables.metadata.schema

    async def look(self, operation: Callable[[Connection], T]) -> T:
        """Run an operation that changes nothing, beside the writer."""
        return await self._store.read(operation)

    def state_of(self, connection: Connection, reference: str) -> Progress | None:
        """How far an event has come, by what names it; None where there is none."""
        outbox = self._tables.outbox
        found = connection.execute(
            select(outbox.c.state, outbox.c.faults).where(outbox.c.reference == reference)
        ).one_or_none()
        if found is None:
            return None
        return Progress(found.state, tuple(json.loads(found.faults or "[]")) if found.state == "rejected" else ())

    async def put(self, draft: Draft) -> Taken:
        """Store an event for the hub, and return only then; raises NotAnEvent or NotStored."""
        event = composed(draft, self._pseudonyms)
        taken = await self._store.write_with(self.add_all, event)
        self.stirred.set()
        return taken

    def put_in(self, connection: Connection, draft: Draft) -> Taken:
        """The same inside a transaction of the caller's own, on a connection to the store's own database.

        For a system whose tables are there too: its row and the event are then taken together or not at all.
        """
        return self.add_all(connection, [composed(draft, self._pseudonyms)])[0]

    async def set_aside(self, reference: str, reason: NotTranslated, *, native: bytes | None = None) -> None:
        """Keep a native record that could not be translated, for a person of the agency to see."""
        table, now = self._tables.untranslated, self._clock()
        values = {"code": reason.code, "path": reason.path, "remedy": reason.remedy, "native": native, "seen_at": now}
        log.warning("outbox.not_translated", code=reason.code, path=reason.path)

        def keep(connection: Connection) -> None:
            statement = upsert(connection, table).values(reference=reference, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=[table.c.reference], set_=values))

        await self._store.write(keep)

    def add_all(self, connection: Connection, events: Sequence[Composed]) -> list[Taken]:
        """Give each event the next number of its child, and keep it; a known reference keeps what it has."""
        return [taken for part in _all_different(events) for taken in self._add(connection, part)]

    def _add(self, connection: Connection, events: Sequence[Composed]) -> list[Taken]:
        asked, now = {"references": [event.reference for event in events]}, self._clock()
        connection.execute(self._statements.translated, asked)
        known = {row.reference: row for row in connection.execute(self._statements.known, asked)}
        new = [event for event in events if event.reference not in known]
        if new:
            places = self._places(connection, new, now)
            self._statements.add.run(connection, [self._row(event, *places(event), now) for event in new])
        return [
            self._again(connection, event, known[event.reference])
            if event.reference in known
            else Taken(event.event_id)
            for event in events
        ]

    def _row(self, event: Composed, line: int, sequence: int, now: int) -> dict[str, Any]:
        value = event.numbered(sequence)
        return {
            "reference": event.reference,
            "event_id": event.event_id,
            "line": line,
            "source": event.source,
            "subject": event.subject,
            "sequence": sequence,
            "family": event.family.value,
            "type": event.type,
            "hop": event.hop,
            "value": value,
            "digest": _digest(value),
            "state": "waiting",
            "attempts": 0,
            "taken_at": now,
            "due_at": now,
        }

    def _again(self, connection: Connection, event: Composed, known: Any) -> Taken:
        value = event.numbered(known.sequence)
        digest = _digest(value)
        if known.state != "rejected" or digest == known.digest:
            return Taken(event.event_id, again=True, differs=digest != known.digest)
        # Mended: the hub never took the first, so the id is still free and the child's number still this event's.
        outbox, lines, now = self._tables.outbox, self._tables.outbox_lines, self._clock()
        mended = {"value": value, "digest": digest, "hop": event.hop, "family": event.family.value, "type": event.type}
        reset = {"state": "waiting", "due_at": now, "settled_at": None, "outcome": None, "faults": None, "at": None}
        connection.execute(update(outbox).where(outbox.c.id == known.id).values(**mended, **reset, mended_at=now))
        connection.execute(
            update(lines).where(lines.c.id == known.line).values(waiting=lines.c.waiting + 1, due_at=now)
        )
        return Taken(event.event_id)

    def _places(
        self, connection: Connection, events: Sequence[Composed], now: int
    ) -> Callable[[Composed], tuple[int, int]]:
        """The line and the number of each event, asked for in their order: as many numbers are taken as there are."""
        lines, count = self._tables.outbox_lines, Counter((event.source, event.subject) for event in events)
        new = upsert(connection, lines)
        statement = new.on_conflict_do_update(
            index_elements=[lines.c.source, lines.c.subject],
            set_={
                "sequence": lines.c.sequence + new.excluded.sequence,
                "waiting": lines.c.waiting + new.excluded.waiting,
                "due_at": case((lines.c.waiting == literal_column("0"), new.excluded.due_at), else_=lines.c.due_at),
            },
        ).returning(lines.c.id, lines.c.source, lines.c.subject, lines.c.sequence)
        rows = connection.execute(
            statement,
            [  # in one order always, so that two that write at once wait for each other and never in a circle
                {"source": source, "subject": subject, "sequence": more, "waiting": more, "due_at": now}
                for (source, subject), more in sorted(count.items())
            ],
        )
        line_of = {(row.source, row.subject): (row.id, row.sequence) for row in rows}

        def place(event: Composed) -> tuple[int, int]:
            child = event.source, event.subject
            line, last = line_of[child]
            count[child] -= 1
            return line, last - count[child]

        return place

    # -- what the sender asks and says

    def leaving(self, connection: Connection, limit: int) -> list[Leaving]:
        """The first unsent event of each child whose turn it is, the longest due first."""
        rows = connection.execute(self._statements.leaving, {"now": self._clock(), "most": limit})
        return [_as_leaving(row) for row in rows]

    def unanswered(self, connection: Connection, limit: int) -> list[Leaving]:
        """Events that Kafka has, and of which the hub has said nothing in time."""
        rows = connection.execute(self._statements.unanswered, {"now": self._clock(), "most": limit})
        return [_as_leaving(row) for row in rows]

    def sent(self, connection: Connection, gone: Sequence[tuple[Leaving, str, int]]) -> None:
        """Kafka has these, each at a place, with the time at which its receipt is missed."""
        if not gone:
            return
        content, now = {event.row: event.digest for event, _, _ in gone}, self._clock()
        found = connection.execute(self._statements.unsent, {"rows": list(content)})
        unsent = [row for row in found if row.digest == content[row.id]]
        self._statements.sent.run(
            connection,
            [
                {
                    "row": event.row,
                    "digest_sent": event.digest,
                    "place": at,
                    "missed": due_at,
                    "times": event.attempts + 1,
                    "now": now,
                }
                for event, at, due_at in gone
            ],
        )
        self._fewer(connection, Counter(row.line for row in unsent), now)

    def _fewer(self, connection: Connection, unsent: Mapping[int, int], now: int) -> None:
        """So many of each line wait no more, and the next of it is due."""
        self._statements.fewer.run(
            connection, [{"of_line": line, "fewer": fewer, "now": now} for line, fewer in sorted(unsent.items())]
        )

    def held_back(self, connection: Connection, line: int, until: int) -> None:
        """Kafka refuses a child's next event: its line waits, since nothing may pass it."""
        lines = self._tables.outbox_lines
        connection.execute(update(lines).where(lines.c.id == line).values(due_at=until))

    # -- what the inbox brings

    def settle(self, connection: Connection, receipts: Iterable[HubReceipt]) -> None:
        """Write what the hub said of events; a receipt that was read before changes nothing."""
        answers = [receipt for receipt in receipts if is_of_ours(receipt)]
        if not answers:
            return
        found = connection.execute(self._statements.stands, {"ids": list({receipt.event_id for receipt in answers})})
        rows = {(row.source, row.event_id): row for row in found}
        stands: dict[tuple[str, str], Stands] = {}
        for receipt in answers:
            identity = receipt.source, receipt.event_id
            if identity in rows:
                now_is = heard(stands.get(identity) or _stands(rows[identity]), receipt)
                if now_is is not None:
                    stands[identity] = now_is
        if stands:
            self._write(connection, [(rows[identity], now_is) for identity, now_is in stands.items()])

    def _write(self, connection: Connection, heard_of: Sequence[tuple[Any, Stands]]) -> None:
        now = self._clock()
        self._statements.heard.run(
            connection,
            [
                {
                    "row": row.id,
                    "to": stands.state,
                    "settled": now if stands.is_settled else None,
                    "due": now if row.state == "rejected" else row.due_at,  # to be sent again, if it is not settled
                    "said": stands.outcome,
                    "place": stands.answered,
                    "wrong": json.dumps(stands.faults) if stands.faults else None,
                }
                for row, stands in heard_of
            ],
        )
        # Kafka had these, and its confirmation was lost.
        unsent = Counter(row.line for row, stands in heard_of if row.state == "waiting" and stands.is_settled)
        self._fewer(connection, unsent, now)

    # -- what people ask

    def counts(self, connection: Connection) -> OutboxCounts:
        outbox, untranslated = self._tables.outbox, self._tables.untranslated
        open_ = select(func.count(), func.min(outbox.c.taken_at)).where(outbox.c.settled_at.is_(None))
        waiting, oldest = connection.execute(open_).one()
        rejected = connection.execute(
            select(func.count()).select_from(outbox).where(outbox.c.state == literal_column("'rejected'"))
        ).scalar_one()
        kept = connection.execute(select(func.count()).select_from(untranslated)).scalar_one()
        return OutboxCounts(waiting, oldest, rejected, kept)


def _digest(value: bytes) -> str:
    """By which a record that is read again is known to say the same, after its payload is gone."""
    return hashlib.sha256(value).hexdigest()


def _all_different(events: Sequence[Composed]) -> Iterator[list[Composed]]:
    """In their order, so that no reference is twice in one part: the second time it is known."""
    part: list[Composed] = []
    seen: set[str] = set()
    for event in events:
        if event.reference in seen:
            yield part
            part, seen = [], set()
        part.append(event)
        seen.add(event.reference)
    if part:
        yield part


def _stands(row: Any) -> Stands:
    return Stands(
        state=row.state,
        at=row.at,
        mended=row.mended_at is not None,
        cleared=row.cleared,
        answered=row.answered,
        outcome=row.outcome,
    )


def _as_leaving(row: Any) -> Leaving:
    return Leaving(
        row=row.id,
        line=row.line,
        event_id=row.event_id,
        family=Family(row.family),
        subject=row.subject,
        hop=row.hop.encode(),
        value=row.value,
        digest=row.digest,
        attempts=row.attempts,
    )
