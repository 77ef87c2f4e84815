"""Decides what must have come of an inbound record: its ledger entry, notifications, receipt and dead letter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NamedTuple

from contracts.faults import EXPLANATIONS, FaultCode
from hub.audit import ids
from hub.audit.entitled import Decision, entitled
from hub.audit.judge import Judged, agency_of
from hub.audit.relations import Case
from hub.audit.shown import Tables, subject
from hub.audit.standing import Standing

CONTENT_TYPE = b"application/cloudevents+json"

Entry = Mapping[str, Any]
"""A ledger record's JSON."""


class Kind(IntEnum):
    """What an output is."""

    NOTIFICATION = 0
    RECEIPT = 1
    LETTER = 2


class Wanted(NamedTuple):
    """One record that the hub must have written."""

    kind: Kind
    id: str
    topic: str
    who: str
    """The party that it is for."""
    key: bytes | None
    traceparent: str
    document: Mapping[str, Any] | None
    """What it says; None: this audit can't say."""
    sha256: str | None = None
    """Of its bytes, as the ledger has it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record, as the ledger has it or, where that is missing, as it must be."""

    name: str
    first: Mapping[str, Any] | None = None
    """Where the first of its identity stands."""
    faults: Sequence[Mapping[str, str]] | None = None
    """None: not known in full."""


class Expectations:
    """Works out what must be, by one standing."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._tables = Tables(standing.policy.views)

    @property
    def parties(self) -> frozenset[str]:
        """All that take part."""
        return self._standing.network.parties

    def decisions(self, judged: Judged) -> Mapping[str, Decision]:
        """Who is told of a valid event, by party."""
        event, document, standing = judged.event, judged.document, self._standing
        if event is None or document is None:
            return {}
        case = Case(document["source"], document["data"], standing.areas, standing.network.parties, standing.kinds)
        return entitled(event, case, standing, time_ms=judged.record.timestamp)

    def outputs(
        self, judged: Judged, outcome: Outcome, decisions: Mapping[str, Decision], entry: Entry | None
    ) -> Iterator[Wanted]:
        """Every record that must have been written of an inbound record."""
        if outcome.name == "accepted":
            digests = {told.get("recipient"): told.get("digest") for told in (entry or {}).get("decisions", ())}
            for decision in decisions.values():
                if decision.told:
                    yield self._notification(judged, decision, digests.get(decision.recipient))
        if judged.receipt_to is not None:
            yield self._receipt(judged, outcome, decisions)
        if outcome.name in ("rejected", "conflict"):
            yield self._letter(judged, outcome)

    def reference(self, judged: Judged, recipient: str) -> tuple[str, str]:
        """Topic and id of the notification of a valid event to one recipient."""
        family = judged.name["type"].split(".")[2]
        topic = self._standing.names.outbound(agency_of(recipient), family)
        return topic, ids.delivery(judged.name["source"], judged.name["id"], recipient)

    def _notification(self, judged: Judged, decision: Decision, sha256: str | None) -> Wanted:
        document = judged.document or {}
        recipient = decision.recipient
        topic, own_id = self.reference(judged, recipient)
        data = self._tables.data(document["type"], document["data"], decision.view, recipient)
        child = subject(data, recipient, document["subject"])
        told = {name: value for name, value in document.items() if name != "tracestate"}
        told |= {"id": own_id, "subject": child, "data": data, "origin": document["id"]}
        told |= {"recipient": recipient, "view": decision.view}
        return Wanted(
            Kind.NOTIFICATION,
            own_id,
            topic,
            recipient,
            child.encode(),
            traceparent(judged, own_id),
            told,
            sha256,
        )

    def _receipt(self, judged: Judged, outcome: Outcome, decisions: Mapping[str, Decision]) -> Wanted:
        record = judged.record
        own_id = ids.receipt(record.topic, record.partition, record.offset)
        of_event = judged.name if judged.valid else {}
        child = of_event.get("subject") or own_id
        data = _receipt_data(judged, outcome, decisions)
        kind = f"wales.child-protection.receipts.{_SAID[outcome.name]}.v1"
        moment = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        document = {
            "specversion": "1.0",
            "id": own_id,
            "source": "/hub",
            "type": kind,
            "subject": child,
            "time": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{record.timestamp % 1000:03}Z",
            "datacontenttype": "application/json",
            "dataschema": f"urn:dolen:schema:{kind}",
            "correlationid": of_event.get("correlationid") or own_id,
            "sequence": record.offset + 1,
            "data": data,
        }
        to = judged.receipt_to or ""
        return Wanted(
            Kind.RECEIPT,
            own_id,
            self._standing.names.outbound(agency_of(to), "receipts"),
            to,
            child.encode(),
            traceparent(judged, own_id),
            None if data is None else plain(document),
        )

    def _letter(self, judged: Judged, outcome: Outcome) -> Wanted:
        record = judged.record
        document = {
            "at": {**coordinates(record), "time_ms": record.timestamp},
            "outcome": outcome.name,
            "source": judged.name["source"],
            "event_id": judged.name["id"],
            "event_type": judged.name["type"],
            "signer": judged.signer.agency,
            "key_id": judged.signer.key_id,
            "faults": outcome.faults,
            "first": outcome.first,
        }
        return Wanted(
            Kind.LETTER,
            record.at,
            self._standing.names.dead_letters,
            "",
            None,
            "",
            None if outcome.faults is None else document,
        )


def recorded(entry: Entry, standing: Standing) -> Iterator[Wanted]:
    """What a ledger entry alone says was written: where the event, or the rules of then, can't be had."""
    trace_id = entry["trace"]["trace_id"]
    for told in entry["decisions"]:
        if told.get("delivery") is not None:
            sent = f"00-{trace_id}-{ids.span(told['delivery'])}-01"
            topic = told["topic"]
            who = told["recipient"] if told["recipient"] in standing.network.parties else ""
            yield Wanted(Kind.NOTIFICATION, told["delivery"], topic, who, None, sent, None, told["digest"])
    at, to = entry["at"], entry["receipt_to"]
    if to is not None:
        own_id = ids.receipt(at["topic"], at["partition"], at["offset"])
        topic = standing.names.outbound(agency_of(to), "receipts")
        yield Wanted(Kind.RECEIPT, own_id, topic, to, None, f"00-{trace_id}-{ids.span(own_id)}-01", None)
    if entry["outcome"] in ("rejected", "conflict"):
        place = f"{at['topic']}/{at['partition']}/{at['offset']}"
        yield Wanted(Kind.LETTER, place, standing.names.dead_letters, "", None, "", None)


def traceparent(judged: Judged, output_id: str) -> str:
    """The `traceparent` header of an output."""
    return f"00-{judged.trace.trace_id}-{ids.span(output_id)}-01"


def coordinates(record: Any) -> dict[str, Any]:
    """Coordinates as records of the hub write them."""
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}


def plain(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A receipt whose lists are in an order of their own: who comes first among the told says nothing."""
    data = document.get("data")
    if not isinstance(data, dict) or not {"told", "not_told"} & data.keys():
        return document
    ordered = {name: _ordered(data[name]) for name in ("told", "not_told") if isinstance(data.get(name), list)}
    return {**document, "data": {**data, **ordered}}


_SAID = {"accepted": "accepted", "duplicate": "duplicate", "conflict": "rejected", "rejected": "rejected"}


def _ordered(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: str(item.get("recipient")) if isinstance(item, dict) else "")


def _receipt_data(judged: Judged, outcome: Outcome, decisions: Mapping[str, Decision]) -> dict[str, Any] | None:
    name, record = judged.name, coordinates(judged.record)
    original = {"source": name["source"], "id": name["id"]}
    about = {"original": original, "original_type": name["type"], "record": record}
    if outcome.name == "accepted":
        told = [
            {
                "recipient": d.recipient,
                "delivery": ids.delivery(name["source"], name["id"], d.recipient),
                "view": d.view,
            }
            for d in decisions.values()
            if d.told
        ]
        return {
            **about,
            "told": told,
            "not_told": [{"recipient": d.recipient, "reason": d.reason} for d in decisions.values() if not d.told],
        }
    if outcome.name == "duplicate":
        return None if outcome.first is None else {**about, "first": outcome.first}
    if outcome.faults is None:
        return None
    data: dict[str, Any] = {"record": record, "authenticated": judged.signer.agency is not None}
    if None not in original.values():
        data["original"] = original
    if name["type"] is not None:
        data["original_type"] = name["type"]
    data["faults"] = [{**fault, "remedy": _remedy(fault)} for fault in outcome.faults]
    return data


def _remedy(fault: Mapping[str, str]) -> str:
    known = {code.value: code for code in FaultCode}.get(fault.get("code", ""))
    return EXPLANATIONS[known].remedy_en if known else ""
