"""The ledger: one record for each inbound event, in the same transaction as its outputs, chained by hash."""

import hashlib
from dataclasses import dataclass
from typing import Any

from orjson import dumps
from pydantic import BaseModel, ConfigDict

from contracts.times import Moment
from hub.written import At, FaultEntry

GENESIS = "0" * 64
"""What the first record of a lane's chain names as the hash before it."""


class EventName(BaseModel):
    """What names the event; a part that did not have its form is None."""

    model_config = ConfigDict(frozen=True)

    source: str | None = None
    id: str | None = None
    type: str | None = None
    subject: str | None = None
    correlationid: str | None = None
    sequence: int | None = None
    time: str | None = None


class DecisionEntry(BaseModel):
    """One party that was told, or was not, and why."""

    model_config = ConfigDict(frozen=True)

    recipient: str
    told: bool
    relation: str
    rule: str
    basis: str
    agreement: str
    view: str
    reason: str
    topic: str | None = None
    delivery: str | None = None
    digest: str | None = None
    """SHA-256 of the notification's bytes."""


class FirstAt(BaseModel):
    """Where the first event of an identity, or the first of a re-driven record, stands."""

    model_config = ConfigDict(frozen=True)

    topic: str
    partition: int
    offset: int


class TraceEntry(BaseModel):
    """The hub's step in the event's trace."""

    model_config = ConfigDict(frozen=True)

    trace_id: str
    parent: str | None
    span: str
    origin: str | None = None
    """The `traceparent` in the envelope: where the event began, which need not be the previous hop."""


class Original(BaseModel):
    """The identity of the event that a notification was made of."""

    model_config = ConfigDict(frozen=True)

    source: str
    id: str


class Answers(BaseModel):
    """Which notification a recipient's receipt answers, and how: no name, and nothing that a person wrote."""

    model_config = ConfigDict(frozen=True)

    delivery: str
    """The notification's id."""
    original: Original
    kind: str
    """`delivered`, `opened`, `accepted-by`, `refused`, `asked`, `escalated`, `gap`, `restored` or `system-off`."""
    said_at: Moment
    """When it happened, as the recipient says."""
    reason: str | None
    """A code: why it was refused, passed on or a system turned off, what no longer holds; of a gap, its numbers."""


class RedriveEntry(BaseModel):
    """That an inbound record is one that was refused before, and which the hub sent again."""

    model_config = ConfigDict(frozen=True)

    origin: FirstAt
    """Where it stood first."""
    count: int
    """For which time it was sent again, from 1."""


class Versions(BaseModel):
    """The data that the decisions rest on."""

    model_config = ConfigDict(frozen=True)

    policy: str
    directory: str
    network: str


class Worked(BaseModel):
    """Who decided, and when (wall clock, milliseconds since 1970): for operators; no decision depends on it."""

    model_config = ConfigDict(frozen=True)

    worker: str
    read_ms: int
    decided_ms: int


class LedgerEntry(BaseModel):
    """One record of `hub.ledger.v1`, as readers see it."""

    model_config = ConfigDict(frozen=True)

    version: int
    lane: int
    number: int
    """Position in the lane's chain, from 1."""
    at: At
    event: EventName
    signer: str | None
    key_id: str | None
    digest: str | None
    """SHA-256 of the record's value, hexadecimal; None for a record without one."""
    size: int
    outcome: str
    faults: tuple[FaultEntry, ...]
    first: FirstAt | None
    decisions: tuple[DecisionEntry, ...]
    answers: Answers | None = None
    """Only of a recipient's receipt that was accepted."""
    redrive: RedriveEntry | None = None
    """Only of a record that the hub attests as a re-drive."""
    receipt: str | None
    """Id of the receipt that went to the sender, if there was anybody to send it to."""
    receipt_to: str | None
    trace: TraceEntry
    hub: Worked
    versions: Versions
    prev: str
    """SHA-256 of the lane's previous ledger record, hexadecimal."""


Unchained = bytes
"""A ledger entry as JSON, open at its end: its place in the chain is still to come."""


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The end of a lane's chain."""

    number: int = 0
    hash: str = GENESIS


def unchained(entry: dict[str, Any]) -> Unchained:
    """The part of a ledger entry that doesn't depend on what comes before it."""
    return dumps(entry)[:-1]


def chained(
    entry: Unchained, head: ChainHead, *, worker: str, read_ms: int, decided_ms: int
) -> tuple[bytes, ChainHead]:
    """The bytes of a ledger entry that follows `head`, and the head after it."""
    own = {"hub": {"worker": worker, "read_ms": read_ms, "decided_ms": decided_ms}}
    place = {"number": head.number + 1, "prev": head.hash}
    value = b"%b,%b" % (entry, dumps(own | place)[1:])
    return value, ChainHead(head.number + 1, record_hash(value))


def record_hash(value: bytes) -> str:
    """What the next record of the chain names."""
    return hashlib.sha256(value).hexdigest()
