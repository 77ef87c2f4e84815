"""Decides what sending a dead letter on would come to, by the hub's own stages and the rules of now; sends nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from orjson import loads

from hub.attest import MOST_REDRIVES, REDRIVE, Redrive, attest, redriven
from hub.dead_letter import DeadLetter
from hub.ledger import DecisionEntry, EventName, Versions
from hub.outcomes import Outcome
from hub.pipeline import examine
from hub.record import Coordinates, Record
from hub.rules import Rules
from hub.written import FaultEntry


class Kept(NamedTuple):
    """A record read back from its inbound topic, or made to be sent there."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Verdict(StrEnum):
    """What sending a letter on would come to."""

    GOES = "goes"
    """It would be taken: `decisions` says who would be told and who not."""
    REFUSED = "refused"
    """It would be refused again: `faults` says why."""
    REPEAT = "repeat"
    """Its sender has sent the event again itself, and it was taken: there is nothing to send on."""
    CONFLICT = "conflict"
    """Other content was taken under its id."""
    WAITS = "waits"
    """An earlier letter of the same child stands open, `behind`: that one goes first, or is set aside."""
    QUARANTINED = "quarantined"
    """It was sent on often enough: the loop guard."""
    SET_ASIDE = "set-aside"
    """A person decided that it is not sent on."""
    ASKED = "asked"
    """Another re-drive has it."""
    SENT = "sent"
    """It was sent on; what became of it has its own letter if it was refused again."""
    EXPIRED = "expired"
    """The record is no longer on its topic: its sender has to send it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What sending one letter on would come to."""

    letter: DeadLetter
    verdict: Verdict
    times: int = 1
    """For which time the record would be sent on."""
    decisions: tuple[DecisionEntry, ...] = ()
    """Who would be told, with which view, and who would not, and why."""
    faults: tuple[FaultEntry, ...] = ()
    versions: Versions | None = None
    """The policy, directory and network by which it was tried."""
    behind: Coordinates | None = None
    """The letter that it waits for, or the record that stands in its place."""
    overtaken_by: int = 0
    """Later events of the same sender and child that were taken meanwhile: this one would arrive after them."""

    @property
    def goes(self) -> bool:
        """Whether it would be sent."""
        return self.verdict is Verdict.GOES


class WouldBe(NamedTuple):
    """What the stages make of a record, its claim left out."""

    taken: bool
    event: EventName
    digest: str | None
    decisions: tuple[DecisionEntry, ...]
    faults: tuple[FaultEntry, ...]
    versions: Versions


def sent_before(record: Record, rules: Rules) -> Redrive:
    """Where the record stood first, and how often it was sent on by now, as the hub attests it."""
    found = redriven(record, rules.redrive_key)
    return found if isinstance(found, Redrive) else Redrive(Coordinates(*_place(record)), 0)


def again(record: Record, before: Redrive, *, key: Ed25519PrivateKey, now_ms: int) -> Kept:
    """The record as it would be sent on: the same key and bytes, and the hub's header in the place of its own last one.

    A header that nothing attests stays, and so does what the hub refuses it for.
    """
    kept = [header for header in record.headers if header[0] != REDRIVE or before.times == 0]
    attested = attest(record.value, Redrive(before.origin, before.times + 1), key=key)
    return Kept(*_place(record), now_ms, record.key, record.value, (*kept, (REDRIVE, attested)))


def would_be(record: Record, rules: Rules) -> WouldBe:
    """What the hub would make of a record that nobody sent before, at the broker time that it bears."""
    (case,) = examine([record], rules)
    entry = loads(b"%b}" % case.answer.entry)
    return WouldBe(
        taken=case.answer.outcome is Outcome.ACCEPTED,
        event=EventName.model_validate(entry["event"]),
        digest=entry["digest"],
        decisions=tuple(map(DecisionEntry.model_validate, entry["decisions"])),
        faults=tuple(map(FaultEntry.model_validate, entry["faults"])),
        versions=Versions.model_validate(entry["versions"]),
    )


def is_spent(before: Redrive) -> bool:
    """Whether the loop guard holds a record back."""
    return before.times >= MOST_REDRIVES


def in_order(letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Letters in the order in which their records reached the broker, each once."""
    once = {letter.letter_id: letter for letter in letters}
    return sorted(once.values(), key=lambda letter: (letter.at.time_ms, letter.at.topic, letter.at.offset))


def _place(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset
