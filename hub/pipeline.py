"""The order of the stages: verify, validate, deduplicate, route, minimise, answer, record."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from contracts.faults import Fault, FaultCode
from contracts.headers import parse_traceparent
from contracts.identity import receipt_id, span_id, trace_id
from contracts.parties import agency_of, agency_uri
from hub.dead_letter import dead_letter
from hub.dedupe import Claim, Verdict
from hub.ledger import ChainHead, chained
from hub.minimise import delivered_subject
from hub.outcomes import (
    Notification,
    Outcome,
    Trace,
    accepted_data,
    coordinates,
    duplicate_data,
    fault_data,
    notification,
    receipt,
    rejected_data,
)
from hub.record import Coordinates, Output, Record
from hub.route import Decision, route
from hub.rules import Rules
from hub.validate import Identity, Refused, Valid
from hub.verify import Signed, hop, verify


@dataclass(slots=True)
class Case:
    """One inbound record on its way to an outcome."""

    record: Record
    at: Coordinates
    signed: Signed
    checked: Valid | Refused
    digest: bytes | None
    claim: Claim | None
    read_ms: int


@dataclass(slots=True)
class Batch:
    """What one batch comes to: the records of one transaction, in order."""

    head: ChainHead
    outputs: list[Output] = field(default_factory=list)
    outcomes: dict[Outcome, int] = field(default_factory=dict)


def examine(records: Sequence[Record], rules: Rules) -> list[Case]:
    """First half: who sent each record, whether it is valid, and what it claims."""
    read_ms = time.time_ns() // 1_000_000
    return [_examined(record, rules, read_ms) for record in records]


def conclude(
    cases: Sequence[Case], found: Sequence[bytes | None], *, rules: Rules, head: ChainHead, worker: str
) -> Batch:
    """Second half: what each case comes to, given what stood under each claim (one answer for each claim, in order)."""
    batch = Batch(head=head)
    answers = iter(found)
    for case in cases:
        entry, outputs = _concluded(case, next(answers) if case.claim is not None else None, rules)
        entry["hub"] = {"worker": worker, "read_ms": case.read_ms, "decided_ms": time.time_ns() // 1_000_000}
        value, batch.head = chained(entry, batch.head)
        batch.outputs += outputs
        batch.outputs.append(Output(rules.names.ledger, None, value))
        outcome: Outcome = entry["outcome"]
        batch.outcomes[outcome] = batch.outcomes.get(outcome, 0) + 1
    return batch


def _examined(record: Record, rules: Rules, read_ms: int) -> Case:
    at = Coordinates(record.topic, record.partition, record.offset)
    signed = verify(record, rules.keyring)
    checked = rules.validator.validate(record, signer=signed.agency, fault=signed.fault)
    digest = hashlib.sha256(record.value).digest() if record.value is not None else None
    claim = None
    if isinstance(checked, Valid) and digest is not None:
        claim = rules.marks.claim(source=checked.event.source, event_id=checked.event.id, digest=digest, at=at)
    return Case(record, at, signed, checked, digest, claim, read_ms)


def _concluded(case: Case, found: bytes | None, rules: Rules) -> tuple[dict[str, Any], list[Output]]:
    if isinstance(case.checked, Refused):
        return _turned_away(case, Outcome.REJECTED, case.checked.identity, case.checked.faults, None, rules)
    if case.claim is None or (verdict := rules.marks.judge(case.claim, found)) is Verdict.FIRST:
        return _accepted(case, case.checked, rules)
    if found is None or verdict is Verdict.TAMPERED:
        raise AssertionError("the lane clears marks that aren't the hub's before it concludes")
    first = rules.marks.first(found)
    if verdict is Verdict.DUPLICATE:
        return _duplicate(case, case.checked, first, rules)
    event = case.checked.event
    identity = Identity(event.source, event.id, event.type)
    return _turned_away(case, Outcome.CONFLICT, identity, (Fault(FaultCode.CONFLICT, "id"),), first, rules)


def _accepted(case: Case, valid: Valid, rules: Rules) -> tuple[dict[str, Any], list[Output]]:
    trace = _trace(case, valid)
    on = datetime.fromtimestamp(case.record.timestamp / 1000, UTC).date()
    decisions = route(valid.event, policy=rules.policy, directory=rules.directory, network=rules.network, on=on)
    entries, outputs = [], []
    for decision in decisions:
        sent = _notification(decision, valid, trace, rules) if decision.told else None
        entries.append(_decision_entry(decision, sent))
        if sent is not None:
            outputs.append(sent.output)
    outputs.append(_receipt("accepted", accepted_data(valid.document, case.at, decisions), case, valid, trace, rules))
    return _entry(case, Outcome.ACCEPTED, trace, rules, decisions=entries), outputs


def _duplicate(case: Case, valid: Valid, first: Coordinates, rules: Rules) -> tuple[dict[str, Any], list[Output]]:
    trace = _trace(case, valid)
    answer = _receipt("duplicate", duplicate_data(valid.document, case.at, first), case, valid, trace, rules)
    return _entry(case, Outcome.DUPLICATE, trace, rules, first=first), [answer]


def _turned_away(
    case: Case, outcome: Outcome, identity: Identity, faults: tuple[Fault, ...], first: Coordinates | None, rules: Rules
) -> tuple[dict[str, Any], list[Output]]:
    valid = case.checked if isinstance(case.checked, Valid) else None
    trace = _trace(case, valid)
    entry = _entry(case, outcome, trace, rules, identity=identity, faults=faults, first=first)
    outputs = []
    if entry["receipt_to"] is not None:
        data = rejected_data(
            identity.source, identity.event_id, identity.type,
            at=case.at, authenticated=case.signed.agency is not None, faults=faults,
        )  # fmt: skip
        outputs.append(
            receipt(
                "rejected", data, to=entry["receipt_to"], at=case.at, time_ms=case.record.timestamp,
                subject=valid.event.subject if valid else None,
                correlation=valid.event.correlationid if valid else None, trace=trace, names=rules.names,
            )
        )  # fmt: skip
    outputs.append(dead_letter(entry, topic=rules.names.dead_letters))
    return entry, outputs


def _notification(decision: Decision, valid: Valid, trace: Trace, rules: Rules) -> Notification:
    document, recipient = valid.document, decision.recipient
    data = rules.views.minimise(valid.event.type, document["data"], decision.view, recipient)
    subject = delivered_subject(document["data"], recipient, valid.event.subject)
    return notification(
        document, data, recipient=recipient, view=decision.view, subject=subject, trace=trace,
        family=valid.kind.family, names=rules.names,
    )  # fmt: skip


def _receipt(outcome: str, data: dict[str, Any], case: Case, valid: Valid, trace: Trace, rules: Rules) -> Output:
    event = valid.event
    return receipt(
        outcome, data, to=event.source, at=case.at, time_ms=case.record.timestamp, subject=event.subject,
        correlation=event.correlationid, trace=trace, names=rules.names,
    )  # fmt: skip


def _trace(case: Case, valid: Valid | None) -> Trace:
    previous = hop(case.record.headers)
    own = span_id(str(case.at))
    origin = valid.event.traceparent if valid is not None else None
    if previous is None and origin is not None:
        previous = parse_traceparent(origin.encode())
    if previous is not None:
        return Trace(previous[0], previous[1], own, origin)
    return Trace(trace_id("/hub", str(case.at)), None, own, origin)


def _receipt_to(signed: Signed, identity: Identity, rules: Rules) -> str | None:
    """Who hears of the outcome: the party that signed; else the one that the event names, if it takes part."""
    if signed.agency is not None:
        own = identity.source is not None and agency_of(identity.source) == signed.agency
        party = identity.source if own else agency_uri(signed.agency)
    else:
        party = identity.source
    return party if party is not None and agency_of(party) in rules.network.organisations else None


def _decision_entry(decision: Decision, sent: Notification | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "recipient": decision.recipient,
        "told": decision.told,
        "relation": decision.relation,
        "rule": decision.rule,
        "basis": decision.basis,
        "agreement": decision.agreement,
        "view": decision.view,
        "reason": decision.reason,
    }
    if sent is not None:
        entry |= {"topic": sent.output.topic, "delivery": sent.delivery, "digest": sent.digest}
    return entry


def _entry(
    case: Case,
    outcome: Outcome,
    trace: Trace,
    rules: Rules,
    *,
    identity: Identity | None = None,
    faults: tuple[Fault, ...] = (),
    first: Coordinates | None = None,
    decisions: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    record, at = case.record, case.at
    valid = case.checked if isinstance(case.checked, Valid) else None
    name = _full_name(valid.document) if valid is not None else _known_name(identity or Identity())
    to = _receipt_to(case.signed, identity or Identity(source=name["source"]), rules)
    return {
        "version": 1,
        "lane": at.partition,
        "at": coordinates(at) | {"time_ms": record.timestamp},
        "event": name,
        "signer": case.signed.agency,
        "key_id": case.signed.key_id,
        "digest": case.digest.hex() if case.digest is not None else None,
        "size": len(record.value) if record.value is not None else 0,
        "outcome": outcome,
        "faults": [fault_data(fault) for fault in faults],
        "first": coordinates(first) if first is not None else None,
        "decisions": decisions,
        "receipt": receipt_id(at.topic, at.partition, at.offset) if to is not None else None,
        "receipt_to": to,
        "trace": {
            "trace_id": trace.trace_id,
            "parent": trace.parent,
            "span": trace.span,
            "origin": trace.origin,
        },
        "versions": {
            "policy": rules.policy.version,
            "directory": rules.directory.version,
            "network": rules.network.version,
        },
    }


_NAMED = ("source", "id", "type", "subject", "correlationid", "sequence", "time")


def _full_name(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in _NAMED}


def _known_name(identity: Identity) -> dict[str, Any]:
    return {"source": identity.source, "id": identity.event_id, "type": identity.type}
