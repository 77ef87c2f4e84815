"""Reads the ledger of every lane: whether its chain is whole, and which events were accepted.

A chain alone doesn't show that its end was cut off: it is held against the lane's last signed checkpoint.
"""

import hashlib
from dataclasses import dataclass

import orjson

from contracts.topics import PAYLOAD_RETENTION_MS
from hub.audit import ids
from hub.audit.checkpoints import Checkpoint, Checkpoints
from hub.audit.codes import Code, Note
from hub.audit.edges import Edges
from hub.audit.entries import parse
from hub.audit.expected import Entry
from hub.audit.report import Report
from hub.audit.source import Record, Source
from hub.audit.spool import Spool
from hub.names import Names

GENESIS = "0" * 64
OLD_MS = 10 * 60 * 1000
"""A checkpoint is kept every minute: one this much older than the ledger's end wants a look."""


def identity(source: str, event_id: str) -> bytes:
    """What stands for the identity of an event in the spool."""
    return ids.tag(source, event_id)


def read_ledger(
    lane: int,
    *,
    source: Source,
    names: Names,
    spool: Spool,
    report: Report,
    now_ms: int,
    checkpoints: Checkpoints | None = None,
    edges: Edges | None = None,
) -> None:
    """Follow one lane's chain; spool its accepted events, and the entries whose event or outputs may still be there.

    Without `checkpoints` nothing is said of them; `edges` takes every entry.
    """
    chain = Chain()
    inbound = frozenset(names.inbound)
    kept = None if checkpoints is None else checkpoints.get(lane)
    there, written_ms = "", 0
    for record in source.read([(names.ledger, lane)]):
        for code, detail in chain.take(record):
            report.found(code, record.at, detail=detail)
        written_ms = record.timestamp
        if kept is not None and chain.number == kept.number:
            there = chain.hash
        entry = parse(record.value)
        if entry is None or entry["lane"] != lane or entry["at"]["partition"] != lane:
            report.found(Code.LEDGER_UNREADABLE, record.at, detail="form" if entry is None else "lane")
        if entry is None:
            continue
        if entry["at"]["topic"] not in inbound:
            report.found(Code.NO_INBOUND_RECORD, record.at)
            continue
        _spool(entry, record, source, spool, now_ms)
        if edges is not None:
            edges.take(entry)
    report.heads[lane] = chain.number, chain.hash
    place = f"{names.ledger}/{lane}/{source.end((names.ledger, lane))}"
    if checkpoints is not None and kept is None and lane in checkpoints:
        report.found(Code.CHECKPOINT_FORGED, place)
    elif kept is not None:
        _hold(chain, kept, place, there=there, written_ms=written_ms, report=report)
    elif checkpoints is not None and chain.number > 0:
        report.notes[Note.NO_CHECKPOINT] += 1


def _hold(chain: "Chain", kept: Checkpoint, place: str, *, there: str, written_ms: int, report: Report) -> None:
    """Hold a chain against its checkpoint; `there` is the hash of the record with the checkpoint's number."""
    if chain.number < kept.number:
        report.found(Code.CUT_OFF, place, detail=f"{chain.number} records, {kept.number} at the checkpoint")
    elif there != kept.head:
        report.found(Code.CUT_OFF, place, detail=f"record {kept.number} is another")
    if written_ms - kept.time_ms > OLD_MS:
        report.notes[Note.OLD_CHECKPOINT] += 1


@dataclass(slots=True)
class Chain:
    """One lane's chain, record by record."""

    number: int = 0
    hash: str = GENESIS

    def take(self, record: Record) -> list[tuple[Code, str]]:
        """The next record; what is wrong with its place in the chain. Goes on from what it says."""
        value = record.value or b""
        number, previous = _place(value)
        wrong = []
        if number != self.number + 1:
            wrong.append((Code.CHAIN_NUMBER, f"{self.number + 1} expected"))
        if previous != self.hash:
            wrong.append((Code.CHAIN_HASH, ""))
        self.number = self.number + 1 if number is None else number
        self.hash = hashlib.sha256(value).hexdigest()
        return wrong


def _place(value: bytes) -> tuple[int | None, str | None]:
    try:
        entry = orjson.loads(value)
        return int(entry["number"]), str(entry["prev"])
    except (ValueError, KeyError, TypeError):
        return None, None


def _spool(entry: Entry, record: Record, source: Source, spool: Spool, now_ms: int) -> None:
    at, event = entry["at"], entry["event"]
    place = f"{at['topic']}/{at['partition']}/{at['offset']}"
    if entry["outcome"] == "accepted" and event["source"] is not None and event["id"] is not None:
        spool.put("accepted", (identity(event["source"], event["id"]), place, entry["digest"], at["time_ms"]))
        spool.taken_with(entry["key_id"], at["time_ms"])
    kept = at["offset"] >= source.first((at["topic"], at["partition"]))
    # Outputs were written after their event, and so can outlive it: for twice the time nothing is forgotten.
    if kept or at["time_ms"] > now_ms - 2 * PAYLOAD_RETENTION_MS:
        row = at["partition"], spool.topic(at["topic"]), at["offset"], entry["number"], record.offset, record.value
        spool.put("entry", row)
