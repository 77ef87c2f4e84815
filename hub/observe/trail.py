"""Decides which records belong to one notification, and whether the ledger's chain holds around each."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hub.ledger import GENESIS, DecisionEntry, LedgerEntry, record_hash
from hub.outcomes import Outcome
from hub.record import Coordinates, Record

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TRACE = re.compile(r"[0-9a-f]{32}")
_LETTER = re.compile(r"([a-z0-9.-]{1,160})/([0-9]{1,4})/([0-9]{1,19})")


class Form(StrEnum):
    """What an id looks like."""

    UUID = "uuid"
    """An event, a notification, or the hub's receipt."""
    TRACE = "trace"
    """A W3C trace."""
    LETTER = "letter"
    """The coordinates of an inbound record, as dead letters and receipts give them."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for."""

    text: str
    form: Form
    lane: int | None = None
    """The only lane that can hold it, where the id says so."""

    @property
    def needle(self) -> bytes:
        """Bytes that every ledger record holds that can match: most records need not be parsed."""
        if self.form is Form.LETTER:
            return offset_needle(self.text)
        return self.text.encode()

    def matches(self, entry: LedgerEntry) -> bool:
        """Whether a ledger record is about what is looked for."""
        match self.form:
            case Form.LETTER:
                return inbound(entry) == self.text
            case Form.TRACE:
                return entry.trace.trace_id == self.text
            case Form.UUID:
                named = (entry.event.id, entry.receipt, *(decision.delivery for decision in entry.decisions))
                return self.text in named


def query(text: str) -> Query | None:
    """What `text` asks for; None where it is no id."""
    text = text.strip().lower()
    if _UUID.fullmatch(text):
        return Query(text, Form.UUID)
    if _TRACE.fullmatch(text):
        return Query(text, Form.TRACE)
    if letter := _LETTER.fullmatch(text):
        return Query(f"{letter[1]}/{int(letter[2])}/{int(letter[3])}", Form.LETTER, lane=int(letter[2]))
    return None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One ledger record where it stands in Kafka."""

    entry: LedgerEntry
    at: Coordinates
    """Its own place in the ledger; `entry.at` is the inbound record's."""
    written_ms: int
    """When it was written, milliseconds since 1970."""
    hash: str
    """SHA-256 of its bytes, hexadecimal."""
    names_the_one_before: bool
    named_by_the_next: bool | None
    """None: it is the last of its lane."""

    @property
    def chain_holds(self) -> bool:
        """Whether neither this record nor the one before it can have been changed since."""
        return self.names_the_one_before and self.named_by_the_next is not False


class AnswerKind(StrEnum):
    """What a recipient may say of a notification."""

    DELIVERED = "delivered"
    OPENED = "opened"
    ACCEPTED_BY = "accepted-by"
    REFUSED = "refused"
    ASKED = "asked"
    ESCALATED = "escalated"
    GAP = "gap"
    RESTORED = "restored"
    SYSTEM_OFF = "system-off"


@dataclass(frozen=True, slots=True)
class Answered:
    """A recipient's receipt for one notification, which the hub accepted."""

    kind: AnswerKind
    delivery: str
    said_ms: int
    """When it happened, as the recipient says; milliseconds since 1970."""
    reason: str
    """A code: why it was refused, passed on or its system is off, what holds no longer; its numbers (gap); or empty."""
    recorded: Recorded
    """The receipt's own record in the ledger."""


@dataclass(frozen=True, slots=True)
class Trail:
    """All that the hub knows of one event."""

    records: tuple[Recorded, ...]
    """Every record of its identity, in broker-time order: one accepted at the most, repeats, conflicts, refusals."""
    answers: tuple[Answered, ...] = ()
    """In the order in which they arrived."""

    @property
    def accepted(self) -> Recorded | None:
        """The record that was routed."""
        return next((record for record in self.records if record.entry.outcome == Outcome.ACCEPTED), None)

    @property
    def main(self) -> Recorded:
        """The record that tells the most: the accepted one, else the first."""
        return self.accepted or self.records[0]

    def answers_to(self, decision: DecisionEntry) -> tuple[Answered, ...]:
        """What the recipient of one notification answered."""
        return tuple(answer for answer in self.answers if answer.delivery == decision.delivery)


class LedgerReader:
    """Takes the ledger's records in their lanes' order; keeps those with a needle, and looks at both neighbours."""

    def __init__(self, needles: Iterable[bytes]) -> None:
        self._pattern = re.compile(rb"(?:%b)\b" % b"|".join(re.escape(needle) for needle in sorted(needles)))
        self._found: list[_Found] = []
        self._last: dict[int, tuple[bytes, _Found | None]] = {}

    def take(self, records: Sequence[Record]) -> None:
        """Look at records of one partition."""
        for record in records:
            value = record.value or b""
            before, open_end = self._last.get(record.partition, (None, None))
            if open_end is not None:
                open_end.after = value
            found = None
            if self._pattern.search(value):
                found = _Found(
                    Coordinates(record.topic, record.partition, record.offset), record.timestamp, value, before
                )
                self._found.append(found)
            self._last[record.partition] = value, found

    def found(self) -> list[Recorded]:
        """What was kept."""
        return [_recorded(found) for found in self._found]


def offset_needle(record: str) -> bytes:
    """What every ledger record holds that is about the inbound record of these coordinates."""
    return f'"offset":{record.rpartition("/")[2]}'.encode()


def by_identity(records: Iterable[Recorded]) -> list[tuple[Recorded, ...]]:
    """Records of the same (`source`, `id`) together, in broker-time order; one without an identity is alone."""
    groups: dict[object, list[Recorded]] = {}
    for record in sorted(records, key=lambda record: (record.entry.at.time_ms, record.at.offset)):
        groups.setdefault(identity(record.entry) or inbound(record.entry), []).append(record)
    return [tuple(group) for group in groups.values()]


def identity(entry: LedgerEntry) -> tuple[str, str] | None:
    """The identity of an event, where both parts of it were readable."""
    source, event_id = entry.event.source, entry.event.id
    return None if source is None or event_id is None else (source, event_id)


def inbound(entry: LedgerEntry) -> str:
    """The coordinates of the inbound record, as people write them."""
    return f"{entry.at.topic}/{entry.at.partition}/{entry.at.offset}"


def answered(recorded: Recorded) -> Answered | None:
    """What an accepted receipt says of a notification; None: the record is no such receipt."""
    answers = recorded.entry.answers
    if answers is None or recorded.entry.outcome != Outcome.ACCEPTED:
        return None
    said_ms = int(answers.said_at.timestamp() * 1000)
    return Answered(AnswerKind(answers.kind), answers.delivery, said_ms, answers.reason or "", recorded)


def deliveries(records: Iterable[Recorded]) -> Mapping[str, DecisionEntry]:
    """Every notification of these records, by its id."""
    return {
        decision.delivery: decision
        for record in records
        for decision in record.entry.decisions
        if decision.delivery is not None
    }


@dataclass(slots=True)
class _Found:
    at: Coordinates
    written_ms: int
    value: bytes
    before: bytes | None
    after: bytes | None = None


def _recorded(found: _Found) -> Recorded:
    entry = LedgerEntry.model_validate_json(found.value)
    own_hash = record_hash(found.value)
    before = GENESIS if found.before is None else record_hash(found.before)
    return Recorded(
        entry=entry,
        at=found.at,
        written_ms=found.written_ms,
        hash=own_hash,
        names_the_one_before=entry.prev == before,
        named_by_the_next=None if found.after is None else _names(found.after, own_hash),
    )


def _names(value: bytes, wanted: str) -> bool:
    try:
        return bool(json.loads(value)["prev"] == wanted)
    except (ValueError, KeyError, TypeError):
        return False
