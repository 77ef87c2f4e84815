"""Decides what event an HTTP request carries: the CloudEvents HTTP binding, structured or binary.

https://github.com/cloudevents/spec, version 1.0.2, http-protocol-binding.md. Batches are refused: one answer an event.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from adapters.gateway.native import CloudEvent, parsed, read
from adapters.gateway.problems import Refused, Trouble
from contracts.faults import Fault, FaultCode

BINARY = "application/json"

_ATTRIBUTE = re.compile(r"[a-z0-9]{1,20}")
_UTF8 = re.compile(r"\s*charset\s*=\s*\"?utf-8\"?\s*", re.IGNORECASE)


def event_of(headers: Iterable[tuple[str, str]], body: bytes) -> CloudEvent:
    """The event in structured form; raises Refused. `headers`: lower-case names, as often as they came."""
    attributes: dict[str, str] = {}
    media = ""
    for name, value in headers:
        if name == "content-type":
            media = value
        elif name.startswith("ce-"):
            _add(attributes, name.removeprefix("ce-"), value)
    kind, _, parameters = media.partition(";")
    if parameters and not _UTF8.fullmatch(parameters):
        raise Refused(Trouble.MEDIA_TYPE)
    match kind.strip().lower():
        case "application/cloudevents+json":
            return read("event.json", body)
        case "application/json" if "specversion" in attributes:
            return {**attributes, "datacontenttype": BINARY, "data": parsed(body)}
    raise Refused(Trouble.MEDIA_TYPE)


def _add(attributes: dict[str, str], name: str, value: str) -> None:
    if not _ATTRIBUTE.fullmatch(name) or name in ("data", "datacontenttype"):
        raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.FIELD_UNKNOWN, "*"))
    if name in attributes:  # which of the two counts is for nobody to guess
        raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.DUPLICATE_KEY))
    try:
        attributes[name] = unquote_to_bytes(value.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.HEADER_NOT_UTF8)) from None
