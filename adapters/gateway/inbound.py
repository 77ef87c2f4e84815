"""Decides whether a CloudEvent is one that this agency may send through the gateway, and drafts it.

The gateway numbers a child's events, so `sequence` is left out; `id` is the sender's own and stays the event's id.
"""

from typing import Any

import orjson
from pydantic import ValidationError

from adapters.gateway.native import CloudEvent
from adapters.gateway.problems import Refused, Trouble, paths_of
from adapters.sdk.declaration import Draft
from adapters.sdk.pseudonyms import Pseudonyms
from contracts.envelope import Event, data_schema
from contracts.faults import Fault, FaultCode
from contracts.parties import agency_of
from contracts.registry import REGISTRY
from contracts.topics import Family


def to_event(native: CloudEvent, pseudonyms: Pseudonyms) -> Draft:
    """The draft of an event; raises Refused with all that is wrong."""
    event = _valid(native)
    if agency_of(event.source) != pseudonyms.agency:
        raise Refused(Trouble.NOT_YOUR_AGENCY, Fault(FaultCode.NOT_THE_SIGNERS_SOURCE, "source"))
    return Draft(
        type=event.type,
        reference=event.id,
        subject=event.subject,
        correlationid=event.correlationid,
        time=event.time,
        data=native["data"],
        id=event.id,
    )


def _valid(native: CloudEvent) -> Event:
    name = native.get("type")
    kind = REGISTRY.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.UNKNOWN_TYPE, "type"))
    if kind.family is Family.RECEIPTS:  # answers are made where the notification is
        raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.NOT_YOURS_TO_SEND, "type"))
    if "sequence" in native:
        raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.FIELD_UNKNOWN, "sequence"))
    whole: dict[str, Any] = {"dataschema": data_schema(kind.name), **native, "sequence": 1}
    try:
        return kind.model.model_validate_json(orjson.dumps(whole))
    except ValidationError as wrong:
        errors = wrong.errors(include_input=False, include_context=False, include_url=False)
        raise Refused(Trouble.NOT_AN_EVENT, *paths_of(errors)) from None
    except (orjson.JSONEncodeError, UnicodeEncodeError):  # integers beyond 64 bits, lone surrogates
        raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.NOT_JSON)) from None
