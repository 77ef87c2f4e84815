"""Decides whether bytes are a CloudEvent in structured JSON, and how a notification is written as one."""

from dataclasses import dataclass
from typing import Any

from jiter import from_json

from adapters.gateway.problems import Refused, Trouble
from contracts.envelope import MAX_EVENT_BYTES
from contracts.faults import Fault, FaultCode

CloudEvent = dict[str, Any]
"""One event's attributes and `data`, as JSON has them."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A notification as it lies in the agency's inbox."""

    id: str
    type: str
    source: str
    is_answered: bool
    """Answers to an agency's own events are not answered in turn."""
    content: bytes
    """The CloudEvent in structured JSON."""


def read(name: str, content: bytes) -> CloudEvent:
    """The event; raises Refused. `name` says nothing here."""
    if len(content) > MAX_EVENT_BYTES:
        raise Refused(Trouble.TOO_LARGE, Fault(FaultCode.TOO_LARGE))
    document = parsed(content)
    if not isinstance(document, dict):
        raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.NOT_JSON))
    return document


def write(native: Mail) -> bytes:
    """A notification's bytes as they are fetched."""
    return native.content


def parsed(content: bytes) -> Any:
    """Any JSON, strictly: UTF-8, each key once, no NaN; raises Refused."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.NOT_UTF8)) from None
    if not content.strip():
        raise Refused(Trouble.NOT_AN_EVENT, Fault(FaultCode.EMPTY))
    try:
        return from_json(content, catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError as wrong:  # its message may quote the input
        raise Refused(Trouble.NOT_AN_EVENT, Fault(_code(str(wrong).lower(), content))) from None


def _code(message: str, content: bytes) -> FaultCode:
    if "duplicate key" in message:
        return FaultCode.DUPLICATE_KEY
    if "recursion" in message:
        return FaultCode.TOO_DEEP
    try:
        from_json(content, catch_duplicate_keys=True)
    except ValueError:
        return FaultCode.NOT_JSON
    return FaultCode.NOT_A_NUMBER
