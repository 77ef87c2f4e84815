"""Decides what the event of a draft looks like: its id, its number, its trace; and that it keeps the rules."""

from dataclasses import dataclass
from typing import Any

from orjson import dumps

from adapters.sdk.declaration import Draft
from adapters.sdk.outgoing import NotAnEvent, checked_as
from adapters.sdk.pseudonyms import Pseudonyms
from contracts.envelope import MAX_EVENT_BYTES, data_schema
from contracts.headers import traceparent
from contracts.identity import span_id, trace_id
from contracts.parties import agency_of, agency_uri
from contracts.registry import REGISTRY
from contracts.topics import Family


@dataclass(frozen=True, slots=True)
class Composed:
    """An event that keeps the rules of its type, all but its number."""

    reference: str
    event_id: str
    source: str
    subject: str
    family: Family
    type: str
    hop: str
    """The `traceparent` header to send it with."""
    envelope: dict[str, Any]

    def numbered(self, sequence: int) -> bytes:
        """The exact bytes to sign and send."""
        return dumps(self.envelope | {"sequence": sequence})


def composed(draft: Draft, pseudonyms: Pseudonyms) -> Composed:
    """The event of a draft; raises NotAnEvent, which names rules and field paths and never a value."""
    source = draft.source or agency_uri(pseudonyms.agency)
    if agency_of(source) != pseudonyms.agency:
        raise NotAnEvent(f"source: {pseudonyms.agency} doesn't speak for this party; leave `source` out of the draft")
    if draft.time.tzinfo is None:
        raise NotAnEvent("time: has no offset from UTC; give one")
    event_id = draft.id or pseudonyms.event(draft.reference)
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": draft.type,
        "subject": draft.subject,
        "time": draft.time.isoformat(),
        "datacontenttype": "application/json",
        "dataschema": data_schema(draft.type),
        "correlationid": draft.correlationid,
        "sequence": 1,
        "traceparent": traceparent(trace_id(source, event_id), span_id("taken", source, event_id)).decode(),
        "data": draft.data,
    }
    value = _written(envelope)
    outgoing = checked_as(draft.type, value)
    if len(value) + _ROOM > MAX_EVENT_BYTES:
        raise NotAnEvent("event: larger than 256 KiB; send a pointer to long documents, not the documents")
    hop = outgoing.traceparent or b""
    kind = REGISTRY[draft.type]
    return Composed(draft.reference, event_id, source, draft.subject, kind.family, draft.type, hop.decode(), envelope)


_ROOM = 10
"""Digits that a number can have more than 1 has."""


def _written(envelope: dict[str, Any]) -> bytes:
    try:
        return dumps(envelope)
    except TypeError:  # its message may name the value
        raise NotAnEvent("data: holds what JSON has no form for; give strings, numbers, lists and dicts") from None
