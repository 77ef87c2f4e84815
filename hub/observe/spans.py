"""Turns what the ledger holds into OpenTelemetry spans, with its ids and times: no crash loses one.

The path of a notification, each hop the parent of the next:

    send <family>.v1                  the sender, as the hub knows it; its id is the `traceparent` it sent
      process <family>.v1             the hub; each stage and each party not told is an event on it
        send to.<agency>.<family>.v1  one for each party told; its id is the `traceparent` that the recipient got
          delivered …                 what the recipient answered, hours later perhaps
        send to.<sender>.receipts.v1  the hub's receipt

Spans of hub and recipients also link to the context in which the event began.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from contracts.faults import FaultCode
from contracts.headers import parse_traceparent
from contracts.identity import span_id
from contracts.parties import agency_of
from contracts.topics import Family
from hub.ledger import DecisionEntry, LedgerEntry
from hub.names import Names
from hub.observe import attributes as named
from hub.observe.attributes import Value, attributes
from hub.observe.trail import Answered, AnswerKind, Recorded, Trail, inbound
from hub.outcomes import Outcome

SCOPE = InstrumentationScope("dolen.ledger", "1")
HUB_SERVICE = "dolen-hub"

_NS = 1_000_000
"""Nanoseconds in a millisecond."""

_VERIFYING = frozenset(
    {
        FaultCode.UNSIGNED,
        FaultCode.SIGNATURE_MALFORMED,
        FaultCode.KEY_UNKNOWN,
        FaultCode.SIGNATURE_WRONG,
        FaultCode.KEY_NOT_VALID,
        FaultCode.HEADER_NOT_UTF8,
        FaultCode.HEADERS_TOO_MANY,
    }
)
"""Faults that hub/verify.py finds; the others are hub/validate.py's."""

_SETTLES = {AnswerKind.DELIVERED: "settle", AnswerKind.REFUSED: "settle"}


def trail_spans(trail: Trail, names: Names) -> tuple[ReadableSpan, ...]:
    """Every span of one event: of its records, of the answers to its notifications, and of those answers' own way."""
    found = [span for record in trail.records for span in record_spans(record, names)]
    for answer in trail.answers:
        found.append(answer_span(answer, trail.main))
        same_trace = answer.recorded.entry.trace.trace_id == trail.main.entry.trace.trace_id
        found += record_spans(answer.recorded, names, sender=not same_trace)
    once: dict[int, ReadableSpan] = {}
    for span in found:  # a resend has the hop of the first sending, and so the same sender's span
        once.setdefault(span.context.span_id, span)
    return tuple(once.values())


def record_spans(recorded: Recorded, names: Names, *, sender: bool = True) -> tuple[ReadableSpan, ...]:
    """The spans of one ledger record; `sender=False` where the sender's own span is exported by another."""
    entry = recorded.entry
    hub = _hub_span(recorded, names)
    sent = [_notification_span(recorded, decision) for decision in entry.decisions if decision.delivery is not None]
    receipt = [_receipt_span(recorded, names)] if entry.receipt is not None and entry.receipt_to is not None else []
    return (*([_sender_span(entry)] if sender else []), hub, *sent, *receipt)


def answer_span(answer: Answered, notification: Recorded) -> ReadableSpan:
    """What a recipient answered, under the notification that it answers, whichever trace the answer came with."""
    decision = next(found for found in notification.entry.decisions if found.delivery == answer.delivery)
    entry, receipt = notification.entry, answer.recorded.entry
    arrived = receipt.at.time_ms
    links = _origin(entry)
    if receipt.trace.trace_id != entry.trace.trace_id:
        links = (*links, _link(_context(receipt.trace.trace_id, receipt.trace.span), "receipt"))
    return _span(
        answer.kind,
        decision.topic,
        context=_context(entry.trace.trace_id, _answer_id(answer, entry)),
        parent=_context(entry.trace.trace_id, span_id(answer.delivery)),
        kind=SpanKind.CONSUMER,
        times=(min(max(answer.said_ms, notification.written_ms), arrived), arrived),  # its clock may be wrong
        service={named.SERVICE: agency_of(decision.recipient)},
        status=Status(StatusCode.ERROR, _code(answer.reason)) if answer.kind is AnswerKind.REFUSED else Status(),
        links=links,
        values={
            named.OPERATION_TYPE: _SETTLES.get(answer.kind),
            named.PARTITION: str(entry.at.partition),
            named.MESSAGE_ID: answer.delivery,
            named.ERROR: None if answer.kind is AnswerKind.GAP else answer.reason,
            "dolen.recipient": decision.recipient,
        },
    )


def _sender_span(entry: LedgerEntry) -> ReadableSpan:
    """The sender's: an instant, the broker's time, since nobody told the hub when the sending began."""
    return _span(
        "send",
        entry.at.topic,
        context=_context(entry.trace.trace_id, _sender_id(entry)),
        parent=_begun_in_this_trace(entry),
        kind=SpanKind.PRODUCER,
        times=(entry.at.time_ms, entry.at.time_ms),
        service={named.SERVICE: entry.signer or "unknown"},
        links=_origin(entry) if entry.trace.origin is not None else (),
        values={
            **_named(entry),
            named.OPERATION_TYPE: "send",
            named.PARTITION: str(entry.at.partition),
            named.BODY_SIZE: entry.size,
            "dolen.key": entry.key_id,
        },
    )


def _hub_span(recorded: Recorded, names: Names) -> ReadableSpan:
    entry = recorded.entry
    fault = entry.faults[0].code if entry.faults else None
    return _span(
        "process",
        entry.at.topic,
        context=_context(entry.trace.trace_id, entry.trace.span),
        parent=_context(entry.trace.trace_id, _sender_id(entry)),
        kind=SpanKind.CONSUMER,
        times=(entry.hub.read_ms, entry.hub.decided_ms),
        service=_hub_service(entry),
        status=Status(StatusCode.ERROR, _code(fault)) if fault else Status(),
        links=_origin(entry),
        events=tuple(_stages(entry, names)),
        values={
            **_named(entry),
            named.OPERATION_TYPE: "process",
            named.PARTITION: str(entry.at.partition),
            named.OFFSET: entry.at.offset,
            named.GROUP: names.group,
            named.BODY_SIZE: entry.size,
            named.ERROR: fault,
            "dolen.outcome": entry.outcome,
            "dolen.digest": entry.digest,
            "dolen.first": f"{entry.first.topic}/{entry.first.partition}/{entry.first.offset}" if entry.first else None,
            "dolen.lane": entry.lane,
            "dolen.ledger.number": entry.number,
            "dolen.ledger.offset": recorded.at.offset,
            "dolen.policy": entry.versions.policy,
            "dolen.directory": entry.versions.directory,
            "dolen.network": entry.versions.network,
        },
    )


def _notification_span(recorded: Recorded, decision: DecisionEntry) -> ReadableSpan:
    entry, delivery = recorded.entry, decision.delivery or ""
    return _span(
        "send",
        decision.topic,
        context=_context(entry.trace.trace_id, span_id(delivery)),
        parent=_context(entry.trace.trace_id, entry.trace.span),
        kind=SpanKind.PRODUCER,
        times=(entry.hub.decided_ms, recorded.written_ms),
        service=_hub_service(entry),
        links=_origin(entry),
        values={
            **_decided(decision),
            named.OPERATION_TYPE: "send",
            named.PARTITION: str(entry.at.partition),
            named.MESSAGE_ID: delivery,
            named.EVENT_TYPE: entry.event.type,
            "dolen.delivery": delivery,
            "dolen.digest": decision.digest,
        },
    )


def _receipt_span(recorded: Recorded, names: Names) -> ReadableSpan:
    entry, receipt, to = recorded.entry, recorded.entry.receipt or "", recorded.entry.receipt_to or ""
    return _span(
        "send",
        names.outbound(agency_of(to), Family.RECEIPTS),
        context=_context(entry.trace.trace_id, span_id(receipt)),
        parent=_context(entry.trace.trace_id, entry.trace.span),
        kind=SpanKind.PRODUCER,
        times=(entry.hub.decided_ms, recorded.written_ms),
        service=_hub_service(entry),
        links=_origin(entry),
        values={
            named.OPERATION_TYPE: "send",
            named.PARTITION: str(entry.at.partition),
            named.MESSAGE_ID: receipt,
            "dolen.recipient": to,
            "dolen.outcome": entry.outcome,
        },
    )


def _stages(entry: LedgerEntry, names: Names) -> Iterator[Event]:
    """What each stage found; only the beginning and the end of the two halves have times of their own."""
    codes = tuple(fault.code for fault in entry.faults)
    unverified = any(code in _VERIFYING for code in codes)
    read, decided = entry.hub.read_ms, entry.hub.decided_ms
    yield _event("verify", read, {"dolen.result": "refused" if unverified else "signed", "dolen.signer": entry.signer})
    if entry.outcome == Outcome.REJECTED:
        if not unverified:
            yield _event("validate", read, {"dolen.result": "refused", "dolen.faults": codes})
        yield _event("dead-letter", decided, {named.DESTINATION: names.dead_letters, "dolen.faults": codes})
        return
    yield _event("validate", read, {"dolen.result": "valid"})
    yield _event("dedupe", decided, {"dolen.result": "first" if entry.outcome == Outcome.ACCEPTED else entry.outcome})
    if entry.outcome == Outcome.CONFLICT:
        yield _event("dead-letter", decided, {named.DESTINATION: names.dead_letters, "dolen.faults": codes})
    if entry.outcome == Outcome.ACCEPTED:
        not_told = [decision for decision in entry.decisions if not decision.told]
        counts = {"dolen.told": len(entry.decisions) - len(not_told), "dolen.not_told": len(not_told)}
        yield _event("route", decided, counts)
        for decision in not_told:
            yield _event("not-told", decided, _decided(decision))


def _named(entry: LedgerEntry) -> dict[str, Value | None]:
    event = entry.event
    return {
        named.MESSAGE_ID: event.id,
        named.EVENT_ID: event.id,
        named.EVENT_SOURCE: event.source,
        named.EVENT_TYPE: event.type,
        "dolen.signer": entry.signer,
    }


def _decided(decision: DecisionEntry) -> dict[str, Value | None]:
    return {
        "dolen.recipient": decision.recipient,
        "dolen.relation": decision.relation,
        "dolen.rule": decision.rule,
        "dolen.basis": decision.basis,
        "dolen.agreement": decision.agreement,
        "dolen.view": decision.view,
        "dolen.reason": decision.reason,
    }


def _sender_id(entry: LedgerEntry) -> str:
    return entry.trace.parent or span_id("publish", inbound(entry))


def _answer_id(answer: Answered, notification: LedgerEntry) -> str:
    """The span that the recipient sent its receipt from; one made from the receipt where it passed ours back."""
    trace = answer.recorded.entry.trace
    own = trace.trace_id == notification.trace.trace_id and trace.parent not in (None, span_id(answer.delivery))
    return trace.parent or "" if own else span_id("answer", inbound(answer.recorded.entry))


def _hub_service(entry: LedgerEntry) -> dict[str, Value | None]:
    return {named.SERVICE: HUB_SERVICE, named.INSTANCE: entry.hub.worker}


def _origin(entry: LedgerEntry) -> tuple[Link, ...]:
    """A link to where the event began: the context in its envelope; without one, its sending."""
    began = parse_traceparent((entry.trace.origin or "").encode()) or (entry.trace.trace_id, _sender_id(entry))
    return (_link(_context(*began), "origin"),)


def _begun_in_this_trace(entry: LedgerEntry) -> SpanContext | None:
    """The span of the sender's own work, where its sending is a step of the same trace."""
    began = parse_traceparent((entry.trace.origin or "").encode())
    if began is None or began[0] != entry.trace.trace_id or began[1] == _sender_id(entry):
        return None
    return _context(*began)


def _link(context: SpanContext, why: str) -> Link:
    return Link(context, attributes({"dolen.link": why}))


def _context(trace_id: str, own_id: str) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(own_id, 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _event(name: str, at_ms: int, values: Mapping[str, Value | None]) -> Event:
    return Event(name, attributes(values), at_ms * _NS)


def _code(code: str) -> str:
    """A code as a status may say it."""
    return str(attributes({named.ERROR: code}).get(named.ERROR, ""))


def _span(
    operation: str,
    topic: str | None,
    *,
    context: SpanContext,
    parent: SpanContext | None,
    kind: SpanKind,
    times: tuple[int, int],
    service: Mapping[str, Value | None],
    values: Mapping[str, Value | None],
    status: Status | None = None,
    links: Sequence[Link] = (),
    events: Iterable[Event] = (),
) -> ReadableSpan:
    """A finished span; `times` are its beginning and end in milliseconds (clocks of two machines may disagree)."""
    common: dict[str, Value | None] = {named.SYSTEM: "kafka", named.OPERATION: operation, named.DESTINATION: topic}
    own = attributes({**common, **values})
    return ReadableSpan(
        name=f"{operation} {own.get(named.DESTINATION, '')}".rstrip(),
        context=context,
        parent=parent,
        resource=Resource(attributes(service)),
        attributes=own,
        events=tuple(events),
        links=tuple(links),
        kind=kind,
        status=status or Status(),
        start_time=times[0] * _NS,
        end_time=max(times) * _NS,
        instrumentation_scope=SCOPE,
    )
