"""Decides which steps a notification went through, in the order in which one led to the next, each with its times."""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.parties import HUB
from hub.ledger import DecisionEntry
from hub.observe.labels import Label, Language, reason
from hub.observe.trail import Answered, AnswerKind, Recorded, Trail, inbound
from hub.outcomes import Outcome

ANSWERS = {
    AnswerKind.DELIVERED: Label.DELIVERED,
    AnswerKind.OPENED: Label.OPENED,
    AnswerKind.ACCEPTED_BY: Label.ACCEPTED_BY,
    AnswerKind.REFUSED: Label.REFUSED,
    AnswerKind.ASKED: Label.ASKED,
    AnswerKind.ESCALATED: Label.ESCALATED,
    AnswerKind.GAP: Label.GAP,
    AnswerKind.RESTORED: Label.RESTORED,
    AnswerKind.SYSTEM_OFF: Label.SYSTEM_OFF,
}

OUTCOMES = {
    Outcome.ACCEPTED: Label.ACCEPTED,
    Outcome.DUPLICATE: Label.DUPLICATE,
    Outcome.CONFLICT: Label.CONFLICT,
    Outcome.REJECTED: Label.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the waterfall; times are milliseconds since the event reached the broker."""

    depth: int
    label: Label
    who: str
    start_ms: int
    end_ms: int
    note: str = ""
    good: bool | None = None
    """None: neither good news nor bad."""


def steps(trail: Trail, language: Language) -> tuple[Step, ...]:
    """The path of one event; notes are in `language`, parties and codes as they are."""
    zero = trail.main.entry.at.time_ms
    return tuple(step for record in trail.records for step in _of_record(record, trail, zero, language))


def _of_record(record: Recorded, trail: Trail, zero: int, language: Language) -> Iterator[Step]:
    entry = record.entry
    at, decided, written = entry.at.time_ms - zero, entry.hub.decided_ms - zero, record.written_ms - zero
    yield Step(0, Label.SENT, entry.event.source or Label.UNKNOWN.say(language), at, at, inbound(entry))
    read = entry.hub.read_ms - zero
    if entry.outcome != Outcome.ACCEPTED:
        yield Step(1, _turned_away(entry.outcome), HUB, read, decided, _why(record), good=False)
    else:
        yield Step(1, Label.DECIDED, HUB, read, decided, entry.hub.worker, good=True)
    for decision in (found for found in entry.decisions if found.told):
        yield Step(2, Label.TOLD, decision.recipient, decided, written, decision.view, good=True)
        for answer in trail.answers_to(decision):
            yield _answer(answer, decision, zero, language)
    for decision in (found for found in entry.decisions if not found.told):
        note = reason(decision.reason, language)
        yield Step(2, Label.NOT_TOLD, decision.recipient, decided, decided, note, good=False)
    if entry.receipt_to is not None:
        said = Label.REJECTED if entry.outcome == Outcome.CONFLICT else OUTCOMES[Outcome(entry.outcome)]
        yield Step(2, Label.RECEIPT, entry.receipt_to, decided, written, said.say(language))


def _turned_away(outcome: str) -> Label:
    return Label.REPEAT if outcome == Outcome.DUPLICATE else OUTCOMES[Outcome(outcome)]


def _why(record: Recorded) -> str:
    entry = record.entry
    if entry.faults:
        return ", ".join(dict.fromkeys(fault.code for fault in entry.faults))
    return f"= {entry.first.topic}/{entry.first.partition}/{entry.first.offset}" if entry.first else ""


def _answer(answer: Answered, decision: DecisionEntry, zero: int, language: Language) -> Step:
    arrived = answer.recorded.entry.at.time_ms - zero
    good = answer.kind not in (AnswerKind.REFUSED, AnswerKind.ESCALATED, AnswerKind.SYSTEM_OFF)
    return Step(
        3,
        ANSWERS[answer.kind],
        decision.recipient,
        arrived,
        arrived,
        _note(answer, language),
        good=None if answer.kind is AnswerKind.GAP else good,
    )


def _note(answer: Answered, language: Language) -> str:
    if answer.kind is AnswerKind.GAP:
        first, _, last = answer.reason.partition("-")
        return Label.GAP_OF.say(language).format(count=int(last) - int(first) + 1, number=int(last) + 1)
    return reason(answer.reason, language) if answer.reason else ""
