"""A little of Kafka in memory, and a ledger in it: one police referral, told to two, not to a third, and answered."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import to_json

import contracts
from contracts.identity import delivery_id, receipt_id, span_id
from contracts.parties import agency_of
from contracts.topics import Family, outbound
from hub.ledger import ChainHead, record_hash
from hub.names import Names
from hub.record import Record

NAMES = Names()
LANES = 3

SENDER = "/agencies/south-wales-police"
TOLD = "/agencies/cardiff-social-services"
ALSO_TOLD = "/agencies/cardiff-and-vale-health"
NOT_TOLD = "/schools/6812003"
EVENT = "bc33ecf6-aafe-5321-9c84-f5a0c892ff25"
TYPE = "wales.child-protection.referrals.submitted.v1"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ORIGIN = "00f067aa0ba902b7"
HOP = "1af067aa0ba902b7"
ZERO = 1_774_604_000_000
DELIVERY = delivery_id(SENDER, EVENT, TOLD)


@dataclass(frozen=True)
class MemoryRecord:
    """One record of a topic."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass
class MemoryTopics:
    """Topics that can be read as Kafka's are."""

    lanes: int = LANES
    records: dict[tuple[str, int], list[MemoryRecord]] = field(default_factory=dict)
    heads: dict[int, ChainHead] = field(default_factory=dict)
    reads: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    async def read(self, topic: str, lanes: Iterable[int]) -> AsyncIterator[Sequence[Record]]:
        """Each partition in batches of two, one after the other."""
        wanted = tuple(lanes)
        self.reads.append((topic, wanted))
        for lane in wanted:
            kept = self.records.get((topic, lane), [])
            for start in range(0, len(kept), 2):
                yield kept[start : start + 2]

    def put(self, topic: str, lane: int, value: bytes, *, time_ms: int) -> MemoryRecord:
        """Append a record; offsets have gaps, as transactions' markers make them."""
        kept = self.records.setdefault((topic, lane), [])
        record = MemoryRecord(topic, lane, 2 * len(kept), time_ms, value)
        kept.append(record)
        return record

    def decide(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Write a ledger entry into its lane's chain."""
        lane = entry["lane"]
        head = self.heads.get(lane, ChainHead())
        value = to_json({**entry, "number": head.number + 1, "prev": head.hash})
        self.heads[lane] = ChainHead(head.number + 1, record_hash(value))
        self.put(NAMES.ledger, lane, value, time_ms=entry["hub"]["decided_ms"] + 5)
        return entry


def entry(**changed: Any) -> dict[str, Any]:
    """The ledger entry of the referral; `at` and `trace` are merged, anything else replaces."""
    at = {"topic": "referrals.v1", "partition": 1, "offset": 17, "time_ms": ZERO} | changed.pop("at", {})
    place = f"{at['topic']}/{at['partition']}/{at['offset']}"
    trace = {
        "trace_id": TRACE, "parent": HOP, "span": span_id(place), "origin": f"00-{TRACE}-{ORIGIN}-01",
    } | changed.pop("trace", {})  # fmt: skip
    return {
        "version": 1,
        "lane": at["partition"],
        "at": at,
        "event": {
            "source": SENDER, "id": EVENT, "type": TYPE, "subject": "1338f11c-3196-5796-9ded-d26e68bf4d52",
            "correlationid": "6eb962f8-02b1-5312-ab8b-fd0508a5ebf0", "sequence": 1, "time": "2026-03-27T09:30:00+00:00",
        },
        "signer": "south-wales-police",
        "key_id": "south-wales-police-2026",
        "digest": "ab" * 32,
        "size": 1024,
        "outcome": "accepted",
        "faults": [],
        "first": None,
        "decisions": [told(TOLD, "full"), told(ALSO_TOLD, "health"), not_told(NOT_TOLD, "shielded")],
        "receipt": receipt_id(at["topic"], at["partition"], at["offset"]),
        "receipt_to": SENDER,
        "trace": trace,
        "versions": {"policy": "0a" * 8, "directory": "0b" * 8, "network": "0c" * 8},
        "hub": {"worker": "hub-1-4711", "read_ms": at["time_ms"] + 2, "decided_ms": at["time_ms"] + 4},
    } | changed  # fmt: skip


def told(recipient: str, view: str) -> dict[str, Any]:
    """A decision to tell."""
    return decision(recipient, reason="entitled", view=view) | {
        "told": True,
        "topic": outbound(agency_of(recipient), Family.REFERRALS),
        "delivery": delivery_id(SENDER, EVENT, recipient),
        "digest": "cd" * 32,
    }


def not_told(recipient: str, reason: str) -> dict[str, Any]:
    """A decision not to tell."""
    return decision(recipient, reason=reason, view="")


def decision(recipient: str, *, reason: str, view: str) -> dict[str, Any]:
    """A decision with a rule, a basis and an agreement."""
    return {
        "recipient": recipient, "told": False, "relation": "responsible-authority", "rule": "referrals.toml#authority",
        "basis": "duty-to-report", "agreement": "ISP-CAV-1", "view": view, "reason": reason,
    }  # fmt: skip


def repeat(**changed: Any) -> dict[str, Any]:
    """The ledger entry of the same event sent again."""
    at = {"offset": 21, "time_ms": ZERO + 9000} | changed.pop("at", {})
    first = {"topic": "referrals.v1", "partition": 1, "offset": 17}
    return entry(at=at, outcome="duplicate", first=first, decisions=[], **changed)


def rejected(**changed: Any) -> dict[str, Any]:
    """The ledger entry of an event with a fault."""
    fault = {"code": "HUB-307", "path": "data.children.0.child.nhs_number", "rule": "dolen_nhs_number"}
    return entry(outcome="rejected", decisions=[], **({"faults": [fault]} | changed))


def answer(kind: str = "delivered", *, delivery: str = DELIVERY, original: str = EVENT) -> dict[str, Any]:
    """A recipient's receipt, as it is sent: from the example of its type."""
    folder = Path(contracts.__file__).parent / "examples"
    event: dict[str, Any] = json.loads(
        (folder / f"wales.child-protection.receipts.{kind}.v1.json").read_text(encoding="utf-8")
    )
    event["data"] |= {"delivery": delivery, "original": {"source": SENDER, "id": original}}
    return event


def put_answer(topics: MemoryTopics, event: dict[str, Any], *, lane: int = 2, after_ms: int, **changed: Any) -> None:
    """Send a receipt, and have the hub decide on it."""
    record = topics.put("receipts.v1", lane, json.dumps(event).encode(), time_ms=ZERO + after_ms)
    at = {"topic": "receipts.v1", "partition": lane, "offset": record.offset, "time_ms": ZERO + after_ms}
    name = {key: event[key] for key in ("source", "id", "type", "subject", "correlationid", "sequence", "time")}
    signer = event["source"].rpartition("/")[2]
    trace = {"parent": span_id("sent", event["source"], event["id"])} | changed.pop("trace", {})
    decisions = [not_told("relation:sender", "no-such-relation")]
    if changed.get("outcome", "accepted") == "accepted":
        changed["answers"] = answers_of(event)
    topics.decide(entry(at=at, event=name, signer=signer, decisions=decisions, trace=trace, **changed))


def answers_of(event: dict[str, Any]) -> dict[str, Any]:
    """What the ledger entry of a recipient's receipt says of the notification that it answers."""
    data = event["data"]
    (said_at,) = (value for name, value in data.items() if name.endswith("_at"))
    missing = f"{data['missing_from']}-{data['missing_from'] + data['missing'] - 1}" if "missing" in data else None
    return {
        "delivery": data["delivery"],
        "original": data["original"],
        "kind": event["type"].split(".")[3],
        "said_at": said_at,
        "reason": data.get("reason", missing),
    }


def story() -> MemoryTopics:
    """The referral, stored and opened by one recipient, sent again, among others."""
    topics = MemoryTopics()
    for lane in range(LANES):
        topics.decide(other(lane, offset=3))
    topics.decide(entry())
    put_answer(topics, answer("delivered"), after_ms=40)
    put_answer(topics, answer("opened"), after_ms=125_000)
    topics.decide(repeat())
    for lane in range(LANES):
        topics.decide(other(lane, offset=17))
    return topics


def other(lane: int, *, offset: int) -> dict[str, Any]:
    """The ledger entry of an event of no interest."""
    own = f"00000000-0000-4000-8000-{lane:06}{offset:06}"
    name = entry()["event"] | {"id": own}
    at = {"topic": "notices.v1", "partition": lane, "offset": offset}
    return entry(at=at, event=name, decisions=[], trace={"trace_id": "ee" * 16, "parent": None, "origin": None})
