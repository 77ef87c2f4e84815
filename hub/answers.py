"""What each outcome writes: notifications, receipt, dead letter, and the ledger's entry of it."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from contracts.faults import Fault, FaultCode
from contracts.topics import DAY_MS, Family
from hub.about import About
from hub.dead_letter import dead_letter
from hub.ledger import Unchained, unchained
from hub.minimise import delivered_subject
from hub.outcomes import (
    Envelope,
    Notification,
    Outcome,
    accepted_data,
    coordinates,
    duplicate_data,
    fault_data,
    json_list,
    receipt,
    rejected_data,
)
from hub.record import Coordinates, Output
from hub.route import Decision, route
from hub.rules import Rules
from hub.validate import Valid

_SAID_AT = {
    "delivered": "stored_at",
    "opened": "opened_at",
    "accepted-by": "accepted_at",
    "refused": "refused_at",
    "asked": "asked_at",
    "escalated": "escalated_at",
    "gap": "let_through_at",
    "restored": "restored_at",
    "system-off": "turned_off_at",
}
"""The kinds of a recipient's receipt, each with the field that says when it happened."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Answer(NamedTuple):
    """What one record comes to: the records to write, and its ledger entry, still without its place in the chain."""

    outcome: Outcome
    outputs: list[Output]
    entry: Unchained
    told: int = 0
    """How many of the records to write are notifications."""
    codes: frozenset[FaultCode] = frozenset()
    """Why it was turned away."""


def accepted(about: About, valid: Valid, rules: Rules) -> Answer:
    """Tell each entitled party once, with what its view shows, and tell the sender who was told."""
    on = _day(about.time_ms // DAY_MS)
    decisions = route(valid.event, policy=rules.policy, directory=rules.directory, network=rules.network, on=on)
    envelope = Envelope(valid.document, trace=about.trace, family=valid.kind.family, names=rules.names)
    outputs: list[Output] = []
    told: list[bytes] = []
    not_told: list[bytes] = []
    entries: list[bytes] = []
    others: list[bytes] = []
    for decision in decisions:
        if decision.told:
            delivery, output, digest = _notification(decision, valid, envelope, rules)
            own_id, topic = delivery.encode(), output.topic.encode()
            outputs.append(output)
            told.append(b'%b,"delivery":"%b"}' % (decision.in_receipt, own_id))
            sent = decision.in_ledger, topic, own_id, digest.encode()
            entries.append(b'%b,"topic":"%b","delivery":"%b","digest":"%b"}' % sent)
        else:
            not_told.append(decision.in_receipt)
            others.append(b"%b}" % decision.in_ledger)
    outputs += _receipt("accepted", about, accepted_data(about.name, about.at, told, not_told), rules)
    entry = _entry(about, Outcome.ACCEPTED, rules, decisions=entries + others, answers=_answers(valid))
    return Answer(Outcome.ACCEPTED, outputs, entry, told=len(told))


def duplicate(about: About, first: Coordinates, rules: Rules) -> Answer:
    """Tell the sender where the first stands, and nobody else anything."""
    outputs = _receipt("duplicate", about, duplicate_data(about.name, about.at, first), rules)
    return Answer(Outcome.DUPLICATE, outputs, _entry(about, Outcome.DUPLICATE, rules, first=first))


def conflict(about: About, first: Coordinates, rules: Rules) -> Answer:
    """Keep what used another event's id apart, and tell the sender."""
    return _turned_away(about, Outcome.CONFLICT, (Fault(FaultCode.CONFLICT, "id"),), first, rules)


def rejected(about: About, faults: tuple[Fault, ...], rules: Rules) -> Answer:
    """Keep what is not a valid event of its signer apart, and tell the sender what to mend."""
    return _turned_away(about, Outcome.REJECTED, faults, None, rules)


def _turned_away(
    about: About, outcome: Outcome, faults: tuple[Fault, ...], first: Coordinates | None, rules: Rules
) -> Answer:
    data = rejected_data(about.name, at=about.at, authenticated=about.signed.agency is not None, faults=faults)
    outputs = _receipt("rejected", about, data, rules)
    told = [fault_data(fault) for fault in faults]
    outputs.append(dead_letter(_parts(about, outcome, told, first), topic=rules.names.dead_letters))
    entry = _entry(about, outcome, rules, faults=told, first=first)
    return Answer(outcome, outputs, entry, codes=frozenset(fault.code for fault in faults))


@lru_cache(maxsize=64)
def _day(days: int) -> date:
    return date.fromordinal(_EPOCH_DAY + days)


def _notification(decision: Decision, valid: Valid, envelope: Envelope, rules: Rules) -> Notification:
    event, recipient = valid.event, decision.recipient
    data = rules.views.minimise(event.type, valid.document["data"], decision.view, recipient)
    subject = delivered_subject(data, recipient, event.subject)
    return envelope.to(recipient, shown_as=decision.in_notification, subject=subject, data=data)


def _receipt(outcome: str, about: About, data: dict[str, Any], rules: Rules) -> list[Output]:
    if about.receipt_to is None or about.receipt is None:
        return []
    return [
        receipt(
            outcome,
            data,
            own_id=about.receipt,
            to=about.receipt_to,
            sequence=about.at.offset + 1,
            time_ms=about.time_ms,
            subject=about.name.get("subject"),
            correlation=about.name.get("correlationid"),
            trace=about.trace,
            names=rules.names,
        )
    ]


def _answers(valid: Valid) -> dict[str, Any] | None:
    """Which notification a recipient's receipt answers; None for every other event."""
    if valid.kind.family is not Family.RECEIPTS:
        return None
    data, kind = valid.document["data"], valid.event.type.split(".")[3]
    return {
        "delivery": data["delivery"],
        "original": {"source": data["original"]["source"], "id": data["original"]["id"]},
        "kind": kind,
        "said_at": data[_SAID_AT[kind]],
        "reason": data.get("reason") or _missing(data),
    }


def _missing(data: dict[str, Any]) -> str | None:
    """The numbers that did not come before a notification, as `3-4`."""
    first = data.get("missing_from")
    return None if first is None else f"{first}-{first + data['missing'] - 1}"


def _parts(
    about: About, outcome: Outcome, faults: Sequence[dict[str, str]], first: Coordinates | None
) -> dict[str, Any]:
    """What the ledger and a dead letter both say."""
    return {
        "at": coordinates(about.at) | {"time_ms": about.time_ms},
        "event": about.name,
        "signer": about.signed.agency,
        "key_id": about.signed.key_id,
        "outcome": outcome._value_,
        "faults": faults,
        "first": coordinates(first) if first is not None else None,
    }


def _entry(
    about: About,
    outcome: Outcome,
    rules: Rules,
    *,
    faults: Sequence[dict[str, str]] = (),
    first: Coordinates | None = None,
    decisions: Sequence[bytes] = (),
    answers: dict[str, Any] | None = None,
) -> Unchained:
    at, trace, redrive = about.at, about.trace, about.signed.redrive
    more: dict[str, Any] = {}
    if answers is not None:
        more["answers"] = answers
    if redrive is not None:
        more["redrive"] = {"origin": coordinates(redrive.origin), "count": redrive.times}
    return unchained(
        {
            "version": 1,
            "lane": at.partition,
            **_parts(about, outcome, faults, first),
            "digest": about.digest,
            "size": about.size,
            "decisions": json_list(decisions),
            "receipt": about.receipt,
            "receipt_to": about.receipt_to,
            "trace": trace._asdict(),
            "versions": rules.versions_json,
            **more,
        }
    )
