"""Reads back all that the tables hold of one event: its records as the ledger had them, its answers, its letters."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, or_, select, tuple_

from hub.ledger import GENESIS, LedgerEntry
from hub.store.asked import Id, IdForm
from hub.store.tables import decisions, grounds, records

MOST_EVENTS = 100
"""Of one id: a trace may run through many events."""


class Place(NamedTuple):
    """A row's key: where its record stands in the ledger, and the inbound record's broker time."""

    lane: int
    position: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Stored:
    """One ledger record as the tables have it."""

    entry: LedgerEntry
    place: Place
    written_ms: int
    hash: str
    """SHA-256 of the record's bytes as they were read, hexadecimal."""
    names_the_one_before: bool
    named_by_the_next: bool | None
    """None: it was the last of its lane."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One event: every record of its identity in broker-time order, and the records of the answers to it."""

    records: tuple[Stored, ...]
    answers: tuple[Stored, ...]


def notifications(connection: Connection, asked: Id) -> list[Notification]:
    """The events that an id names (event, notification, trace or coordinates), oldest first; empty: none."""
    hits = connection.execute(_hits(asked).limit(MOST_EVENTS)).all()
    identities = {(hit.source, hit.event_id) for hit in hits if hit.source is not None and hit.event_id is not None}
    nameless = {
        Place(hit.lane, hit.position, hit.at_ms) for hit in hits if (hit.source, hit.event_id) not in identities
    }
    found = _stored(connection, select(records).where(or_(_of(identities), _at(nameless))))
    told = [decision.delivery for record in found for decision in record.entry.decisions if decision.delivery]
    answers = _stored(connection, select(records).where(records.c.answer_to.in_(told))) if told else []
    return [_notification(group, answers) for group in _groups(found)]


def _hits(asked: Id) -> Select[Any]:
    place = (records.c.lane, records.c.position, records.c.at_ms, records.c.source, records.c.event_id)
    match asked.form:
        case IdForm.TRACE:
            named = records.c.trace_id == asked.text
        case IdForm.RECORD:
            topic, lane, offset = asked.text.rsplit("/", 2)
            named = and_(records.c.record_offset == int(offset), records.c.lane == int(lane), records.c.topic == topic)
        case IdForm.UUID:
            told = select(decisions.c.lane, decisions.c.position, decisions.c.at_ms).where(
                decisions.c.told, decisions.c.delivery == asked.text
            )
            ids = select(*place[:3]).where(records.c.event_id == asked.text).union(told).subquery()
            named = tuple_(*place[:3]).in_(select(ids))
    return select(*place).where(named).order_by(records.c.at_ms, records.c.lane, records.c.position)


def _of(identities: Iterable[tuple[str, str]]) -> Any:
    wanted = sorted(identities)
    ids = sorted({event_id for _, event_id in wanted})
    return and_(records.c.event_id.in_(ids), tuple_(records.c.source, records.c.event_id).in_(wanted))


def _at(places: Iterable[Place]) -> Any:
    return tuple_(records.c.lane, records.c.position, records.c.at_ms).in_(sorted(places))


def _stored(connection: Connection, question: Select[Any]) -> list[Stored]:
    rows = connection.execute(question.order_by(records.c.at_ms, records.c.lane, records.c.position)).all()
    decided = decisions_of(connection, [Place(row.lane, row.position, row.at_ms) for row in rows])
    return [_record(connection, row, decided[Place(row.lane, row.position, row.at_ms)]) for row in rows]


def decisions_of(connection: Connection, places: Sequence[Place]) -> dict[Place, list[dict[str, Any]]]:
    """The decisions of records, each as `entry_of` takes it, in their order."""
    found: dict[Place, list[dict[str, Any]]] = defaultdict(list)
    if not places:
        return found
    question = (
        select(
            *(decisions.c.lane, decisions.c.position, decisions.c.at_ms, decisions.c.recipient, decisions.c.told),
            *(decisions.c.topic, decisions.c.delivery, decisions.c.digest),
            *(grounds.c.relation, grounds.c.rule, grounds.c.basis, grounds.c.agreement, grounds.c.view),
            grounds.c.reason,
        )
        .join_from(decisions, grounds, decisions.c.grounds == grounds.c.id)
        .where(tuple_(decisions.c.lane, decisions.c.position, decisions.c.at_ms).in_(places))
        .order_by(decisions.c.lane, decisions.c.position, decisions.c.ordinal)
    )
    for row in connection.execute(question):
        decision = row._asdict()
        place = Place(decision.pop("lane"), decision.pop("position"), decision.pop("at_ms"))
        found[place].append(decision | {"digest": _hex(row.digest)})
    return found


def _record(connection: Connection, row: Row[Any], decided: Sequence[dict[str, Any]]) -> Stored:
    before = _neighbour(connection, row, earlier=True)
    after = _neighbour(connection, row, earlier=False)
    return Stored(
        entry=entry_of(row, decided, prev=GENESIS if before is None else before.hash.hex()),
        place=Place(row.lane, row.position, row.at_ms),
        written_ms=row.written_ms,
        hash=row.hash.hex(),
        names_the_one_before=row.chain_holds,
        named_by_the_next=None if after is None else after.chain_holds,
    )


def entry_of(row: Row[Any], decided: Sequence[dict[str, Any]], *, prev: str) -> LedgerEntry:
    """A row of `records` with its decisions, as the ledger had it; `prev` is the hash of the record before it."""
    return LedgerEntry.model_validate(
        {
            "version": 1,
            "lane": row.lane,
            "number": row.number,
            "at": {"topic": row.topic, "partition": row.lane, "offset": row.record_offset, "time_ms": row.at_ms},
            "event": {
                "source": row.source,
                "id": row.event_id,
                "type": row.type,
                "subject": row.subject,
                "correlationid": row.correlation_id,
                "sequence": row.sequence,
                "time": row.event_time,
            },
            "signer": row.signer,
            "key_id": row.key_id,
            "digest": _hex(row.digest),
            "size": row.size,
            "outcome": row.outcome,
            "faults": row.faults or (),
            "first": _first(row.first),
            "redrive": {"origin": _first(row.redrive_of), "count": row.redrive_times} if row.redrive_of else None,
            "decisions": tuple(decided),
            "answers": _answers(row),
            "receipt": row.receipt,
            "receipt_to": row.receipt_to,
            "trace": {
                "trace_id": row.trace_id.replace("-", ""),
                "parent": row.parent,
                "span": row.span,
                "origin": row.origin,
            },
            "hub": {"worker": row.worker, "read_ms": row.read_ms, "decided_ms": row.decided_ms},
            "versions": {"policy": row.policy, "directory": row.directory, "network": row.network},
            "prev": prev,
        }
    )


def _answers(row: Row[Any]) -> dict[str, Any] | None:
    if row.answer_to is None:
        return None
    return {
        "delivery": row.answer_to,
        "original": {"source": row.answer_source, "id": row.answer_event},
        "kind": row.answer_kind,
        "said_at": datetime.fromtimestamp(row.answer_said_ms / 1000, UTC),
        "reason": row.answer_reason,
    }


def _neighbour(connection: Connection, row: Row[Any], *, earlier: bool) -> Row[Any, Any] | None:
    """The record before or after in the same lane's chain."""
    position = records.c.position
    beside = position < row.position if earlier else position > row.position
    return connection.execute(
        select(records.c.hash, records.c.chain_holds)
        .where(records.c.lane == row.lane, beside)
        .order_by(position.desc() if earlier else position)
        .limit(1)
    ).first()


def _groups(found: Iterable[Stored]) -> list[list[Stored]]:
    """Records of one identity together, in their order; one without an identity is alone."""
    groups: dict[object, list[Stored]] = {}
    for record in found:
        event = record.entry.event
        named = event.source is not None and event.id is not None
        groups.setdefault((event.source, event.id) if named else record.place, []).append(record)
    return list(groups.values())


def _notification(group: Sequence[Stored], answers: Iterable[Stored]) -> Notification:
    told = {decision.delivery for record in group for decision in record.entry.decisions if decision.delivery}
    mine = (answer for answer in answers if answer.entry.answers is not None and answer.entry.answers.delivery in told)
    return Notification(tuple(group), tuple(mine))


def _first(coordinates: str | None) -> dict[str, Any] | None:
    if coordinates is None:
        return None
    topic, lane, offset = coordinates.rsplit("/", 2)
    return {"topic": topic, "partition": int(lane), "offset": int(offset)}


def _hex(digest: bytes | None) -> str | None:
    return None if digest is None else digest.hex()
