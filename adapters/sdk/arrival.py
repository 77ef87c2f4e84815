"""Decides what a record is to an inbox: a notification with its place in line, or the hub's answer to an event."""

from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import from_json

from adapters.sdk.receipts import HubReceipt, hub_receipt
from adapters.sdk.subscriber import Received
from contracts.parties import HUB
from contracts.topics import Family


@dataclass(frozen=True, slots=True)
class Arrival:
    """One notification as the inbox keeps it."""

    delivery_id: str
    source: str
    subject: str
    sequence: int
    family: str
    type: str
    ordered: bool
    """Whether its number says anything: receipts and the hub's own are handled as they come."""
    value: bytes


def arrival(received: Received) -> Arrival | HubReceipt:
    """What a record is. One that can't be read is kept too, in a line of its own, for a person to see."""
    try:
        document = from_json(received.value, allow_inf_nan=False)
        receipt = hub_receipt(document, received.value)
        return receipt or _notification(document, received.value)
    except (AttributeError, KeyError, TypeError, ValueError, ValidationError):
        return _unreadable(received)


def _notification(document: dict[str, object], value: bytes) -> Arrival:
    source, type_, sequence = document["source"], document["type"], document["sequence"]
    identity, subject = document["id"], document["subject"]
    if not (isinstance(source, str) and isinstance(type_, str) and isinstance(sequence, int)):
        raise TypeError
    if not (isinstance(identity, str) and isinstance(subject, str)):
        raise TypeError
    family = type_.split(".")[2] if type_.count(".") > 2 else ""
    return Arrival(
        delivery_id=identity,
        source=source,
        subject=subject,
        sequence=sequence,
        family=family,
        type=type_,
        ordered=source != HUB and family != Family.RECEIPTS,
        value=value,
    )


def _unreadable(received: Received) -> Arrival:
    at = f"{received.topic}/{received.partition}/{received.offset}"
    return Arrival(
        delivery_id=at, source=HUB, subject=at, sequence=1, family="", type="", ordered=False, value=received.value
    )
