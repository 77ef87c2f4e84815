"""Decides whether an agency's event keeps the rules of its type, and what Kafka must be told to send it."""

from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import from_json

from adapters.sdk.errors import AdapterError
from contracts.headers import traceparent
from contracts.identity import span_id, trace_id
from contracts.registry import REGISTRY
from contracts.topics import Family


class NotAnEvent(AdapterError):
    """The bytes are not an event that the hub would take; names rules and field paths, never a value."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event on its way out; `value` is sent as it is."""

    value: bytes
    event_id: str
    family: Family
    subject: str
    traceparent: bytes | None
    """The hop's: its trace is the event's own, or the one that its identity makes."""


def checked(value: bytes) -> Outgoing:
    """An event that keeps the rules of its type; raises NotAnEvent with what it breaks."""
    return checked_as(_text(_parsed(value), "type"), value)


def checked_as(event_type: str, value: bytes) -> Outgoing:
    """The same for bytes that are known to be an object with this type."""
    kind = REGISTRY.get(event_type)
    if kind is None:
        raise NotAnEvent("type: not in the registry; `dolen contracts export` lists the types there are")
    try:
        event = kind.model.model_validate_json(value)
    except ValidationError as wrong:
        raise NotAnEvent(_explained(wrong)) from None
    return Outgoing(value, event.id, kind.family, event.subject, _hop(event.source, event.id, event.traceparent))


def unchecked(value: bytes, *, family: Family | None) -> Outgoing:
    """Any bytes; where they are an event, they are sent as one, on the topic of its type unless `family` names another.

    Raises NotAnEvent where nothing says on which topic they belong.
    """
    try:
        document = _parsed(value)
    except NotAnEvent:
        document = {}
    source, event_id = _text(document, "source"), _text(document, "id")
    kind = REGISTRY.get(_text(document, "type"))
    if family is None:
        if kind is None:
            raise NotAnEvent("type: not in the registry, so nothing says on which topic this belongs; name its family")
        family = kind.family
    hop = _hop(source, event_id, None) if source and event_id else None
    return Outgoing(value, event_id, family, _text(document, "subject"), hop)


def _hop(source: str, event_id: str, origin: str | None) -> bytes:
    trace = origin.split("-")[1] if origin is not None else trace_id(source, event_id)
    return traceparent(trace, span_id("sent", source, event_id))


def _parsed(value: bytes) -> dict[str, object]:
    try:
        document = from_json(value, allow_inf_nan=False)
    except ValueError:  # its message may quote the input
        raise NotAnEvent("not JSON: one CloudEvents 1.0 event in structured JSON is wanted, UTF-8") from None
    if not isinstance(document, dict):
        raise NotAnEvent("not a JSON object: one CloudEvents 1.0 event in structured JSON is wanted")
    return document


def _text(document: dict[str, object], name: str) -> str:
    found = document.get(name)
    return found if isinstance(found, str) else ""


def _explained(wrong: ValidationError) -> str:
    details = wrong.errors(include_input=False, include_context=False, include_url=False)
    lines = []
    for detail in details[:16]:
        location = [str(part) for part in detail["loc"]]
        if detail["type"] == "extra_forbidden":
            location[-1] = "*"  # the sender's own word, which may be a name
        lines.append(f"{'.'.join(location) or 'event'}: {detail['msg']}")
    return "\n".join(lines)
