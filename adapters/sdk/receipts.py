"""Reads the hub's own receipts: what became of an event that the agency sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from contracts.events.receipts import EventAccepted, EventDuplicate, EventRejected
from contracts.parties import HUB
from contracts.registry import REGISTRY


@dataclass(frozen=True, slots=True)
class HubReceipt:
    """The hub's answer to one record."""

    source: str
    event_id: str
    outcome: Literal["accepted", "duplicate", "rejected"]
    at: str
    """topic/partition/offset of the record that it answers."""
    authenticated: bool = True
    """False: the record had no valid signature of this agency's."""
    faults: Sequence[Mapping[str, str]] = ()
    """Code, path, rule and remedy of each thing wrong."""


def hub_receipt(document: Mapping[str, Any], value: bytes) -> HubReceipt | None:
    """The receipt, where a record is one and says which event it answers."""
    if document.get("source") != HUB:
        return None
    kind = REGISTRY.get(str(document.get("type")))
    if kind is None or kind.model not in (EventAccepted, EventDuplicate, EventRejected):
        return None
    receipt = kind.model.model_validate_json(value)
    if isinstance(receipt, EventAccepted | EventDuplicate):
        record = receipt.data.record
        return HubReceipt(
            source=receipt.data.original.source,
            event_id=receipt.data.original.id,
            outcome="accepted" if isinstance(receipt, EventAccepted) else "duplicate",
            at=f"{record.topic}/{record.partition}/{record.offset}",
        )
    assert isinstance(receipt, EventRejected)  # noqa: S101 - the other one of three
    if receipt.data.original is None:
        return None
    record = receipt.data.record
    return HubReceipt(
        source=receipt.data.original.source,
        event_id=receipt.data.original.id,
        outcome="rejected",
        at=f"{record.topic}/{record.partition}/{record.offset}",
        authenticated=receipt.data.authenticated,
        faults=tuple(fault.model_dump() for fault in receipt.data.faults),
    )
