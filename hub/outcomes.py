"""Decides what an inbound record comes to: the notifications that go out, and the receipt that goes back."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from orjson import Fragment, dumps

from contracts.envelope import CONTENT_TYPE, data_schema
from contracts.faults import Fault
from contracts.headers import TRACEPARENT, traceparent
from contracts.identity import delivery_id, span_id
from contracts.parties import HUB
from contracts.topics import Family
from hub.names import Names
from hub.record import Coordinates, Output

RECEIPT_TYPE = "wales.child-protection.receipts.{}.v1"
_CONTENT_TYPE = ("content-type", CONTENT_TYPE)
_OWN = frozenset({"id", "subject", "data", "tracestate"})
"""What each notification has of its own, and a vendor's trace state, which nobody else needs."""


class Outcome(StrEnum):
    """What became of an inbound record; every record has exactly one."""

    ACCEPTED = "accepted"
    """Routed: each entitled recipient has one notification."""
    DUPLICATE = "duplicate"
    """A repeat of an event that was accepted: dropped, and the sender told so."""
    CONFLICT = "conflict"
    """Other content under a used id: a dead letter."""
    REJECTED = "rejected"
    """Not a valid event of its signer: a dead letter."""


class Trace(NamedTuple):
    """Where the hub's step stands in the event's trace: ids are made from the record, so a second reading agrees."""

    trace_id: str
    parent: str | None
    span: str
    origin: str | None
    """The `traceparent` in the envelope: where the event began, which need not be the previous hop."""


class Notification(NamedTuple):
    """One notification to one recipient: its id, its record, and a digest of what it shows."""

    delivery: str
    output: Output
    digest: str


class Envelope:
    """What every notification of one event has in common, written once."""

    def __init__(self, document: Mapping[str, Any], *, trace: Trace, family: Family, names: Names) -> None:
        self._source, self._event_id = document["source"], document["id"]
        common = {name: value for name, value in document.items() if name not in _OWN}
        common["origin"] = self._event_id
        self._head = dumps(common)[:-1]
        self._trace_id = trace.trace_id
        self._family = family
        self._names = names

    def to(self, recipient: str, *, shown_as: bytes, subject: str, data: Mapping[str, Any]) -> Notification:
        """The notification of one recipient: `data` is what its view shows, `shown_as` names both (JSON, no braces)."""
        delivery = delivery_id(self._source, self._event_id, recipient)
        key = subject.encode()
        # A delivery and a subject are UUIDs in their one spelling: nothing in them needs to be escaped.
        own = (self._head, delivery.encode(), key, shown_as, dumps(data))
        value = b'%b,"id":"%b","subject":"%b",%b,"data":%b}' % own
        header = (TRACEPARENT, traceparent(self._trace_id, span_id(delivery)))
        output = Output(self._names.outbound_to(recipient, self._family), key, value, [header, _CONTENT_TYPE])
        return Notification(delivery, output, hashlib.sha256(value).hexdigest())


def receipt(
    outcome: str,
    data: Mapping[str, Any],
    *,
    own_id: str,
    to: str,
    sequence: int,
    time_ms: int,
    subject: str | None,
    correlation: str | None,
    trace: Trace,
    names: Names,
) -> Output:
    """The hub's answer to a sender: a CloudEvent of the receipts family with source `/hub`."""
    own = {
        "id": own_id,
        "subject": subject or own_id,
        "time": iso_time(time_ms),
        "correlationid": correlation or own_id,
        "sequence": sequence,
        "data": data,
    }
    value = b"%b,%b" % (_receipt_head(outcome), dumps(own)[1:])
    headers = [(TRACEPARENT, traceparent(trace.trace_id, span_id(own_id))), _CONTENT_TYPE]
    topic = names.outbound_to(to, Family.RECEIPTS)
    return Output(topic, (subject or own_id).encode(), value, headers)


@lru_cache(maxsize=8)
def _receipt_head(outcome: str) -> bytes:
    """What every receipt of an outcome says, as JSON open at its end."""
    event_type = RECEIPT_TYPE.format(outcome)
    common = {
        "specversion": "1.0",
        "source": HUB,
        "type": event_type,
        "datacontenttype": "application/json",
        "dataschema": data_schema(event_type),
    }
    return dumps(common)[:-1]


def accepted_data(
    name: Mapping[str, Any], at: Coordinates, told: Sequence[bytes], not_told: Sequence[bytes]
) -> dict[str, Any]:
    """What an `accepted` receipt says: who was told, with which view, and who was not, and why (JSON, one each)."""
    return {**_original(name, at), "told": json_list(told), "not_told": json_list(not_told)}


def duplicate_data(name: Mapping[str, Any], at: Coordinates, first: Coordinates) -> dict[str, Any]:
    """What a `duplicate` receipt says: where the first stands."""
    return {**_original(name, at), "first": coordinates(first)}


def rejected_data(
    name: Mapping[str, Any], *, at: Coordinates, authenticated: bool, faults: Sequence[Fault]
) -> dict[str, Any]:
    """What a `rejected` receipt says: codes, field paths, rules and remedies, never a value."""
    data: dict[str, Any] = {"record": coordinates(at), "authenticated": authenticated}
    if name["source"] is not None and name["id"] is not None:
        data["original"] = {"source": name["source"], "id": name["id"]}
    if name["type"] is not None:
        data["original_type"] = name["type"]
    data["faults"] = [fault_data(fault) | {"remedy": fault.remedy} for fault in faults]
    return data


def fault_data(fault: Fault) -> dict[str, str]:
    """A fault as receipts, dead letters and the ledger write it."""
    return {"code": fault.code.value, "path": fault.path, "rule": fault.rule}


def coordinates(at: Coordinates) -> dict[str, Any]:
    """Coordinates as receipts, dead letters and the ledger write them."""
    return {"topic": at.topic, "partition": at.partition, "offset": at.offset}


def json_list(items: Sequence[bytes]) -> Fragment:
    """A list of what is JSON already."""
    return Fragment(b"[%b]" % b",".join(items))


@lru_cache(maxsize=4096)  # a broker gives all records of one batch the same time
def iso_time(time_ms: int) -> str:
    """Milliseconds since 1970 as RFC 3339 in UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _original(name: Mapping[str, Any], at: Coordinates) -> dict[str, Any]:
    return {
        "original": {"source": name["source"], "id": name["id"]},
        "original_type": name["type"],
        "record": coordinates(at),
    }
