"""A request that carries an event, structured or binary: it is one of this agency's, or refused by code and path."""

import json
import re

from adapters.gateway.binding import event_of
from adapters.gateway.inbound import to_event
from adapters.gateway.problems import Refused
from adapters.sdk.composing import composed
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms

AGENCY = Pseudonyms("pont-y-plant", bytes(range(32)))
PATH = re.compile(r"([A-Za-z0-9_*-]+(\.[A-Za-z0-9_*-]+)*)?")


def check(data: bytes) -> None:
    """What begins with `ce-` is header lines, an empty line, and a body; all else is a structured body."""
    headers = [("content-type", "application/cloudevents+json")]
    body = data
    if data.startswith(b"ce-"):
        head, _, body = data.partition(b"\n\n")
        lines = (line.partition(b":") for line in head.split(b"\n"))
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, _, value in lines]
        headers.append(("content-type", "application/json"))
    try:
        event = event_of(headers, body)
        draft = to_event(event, AGENCY)
    except Refused as refused:
        if not all(PATH.fullmatch(fault.path) for fault in refused.faults):
            raise AssertionError("a path holds more than field names") from None
        return
    try:
        made = composed(draft, AGENCY)
    except NotAnEvent:  # too large with what the outbox adds
        return
    if (made.event_id, made.envelope["data"]) != (event["id"], json.loads(json.dumps(event["data"]))):
        raise AssertionError("another event came out than went in")
