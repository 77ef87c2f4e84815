"""Turns a ledger record into rows: one of the record, one of each decision, and what they add to the sums."""

import hashlib
import re
from datetime import datetime
from typing import Any

from orjson import dumps, loads

from contracts.topics import DAY_MS, FAMILY_OF_TOPIC
from hub.ledger import record_hash
from hub.observe.projection.batch import AnswerRow, Batch, Sums, TallyKey
from hub.observe.trail import AnswerKind
from hub.outcomes import Outcome
from hub.record import Record
from hub.store.agencies import UNPROVEN
from hub.store.flow import MINUTE_MS

EARLIEST_MS, LATEST_MS = 946_684_800_000, 4_102_444_800_000
"""The years 2000 to 2099: what claims another time was not written by a hub."""

_HOUR_MS = 3_600_000
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")


class LedgerRows:
    """Makes the rows of one hub's ledger."""

    def __init__(self, *, prefix: str) -> None:
        self._families = {prefix + topic: str(family) for topic, family in FAMILY_OF_TOPIC.items()}
        self._grounds: dict[tuple[str, ...], int] = {}

    def take(self, record: Record, batch: Batch) -> None:
        """Add a record's rows; raises ValueError, KeyError or TypeError for one that no hub wrote."""
        value = record.value or b""
        entry = loads(value)
        head = batch.head((record.topic, record.partition))
        number, own_hash = int(entry["number"]), record_hash(value)
        chain_holds = number == head.number + 1 and entry["prev"] == head.hash
        family = self._families[entry["at"]["topic"]]
        told = self._decisions(record, entry, family, batch)
        not_told = len(entry["decisions"]) - told
        batch.records.append(self._record(record, entry, (own_hash, chain_holds, told, not_told)))
        self._answer(record, entry, batch)
        _sums(entry, (family, told, not_told), batch)
        if entry["outcome"] in (Outcome.REJECTED, Outcome.CONFLICT):
            head.turned_away += 1
            head.turned_away_ms = record.timestamp
        head.number, head.hash = number, own_hash
        if not chain_holds:
            batch.oddities.append((record.topic, record.partition, record.offset, "chain", record.timestamp))

    def _record(self, record: Record, entry: dict[str, Any], made: tuple[str, bool, int, int]) -> tuple[object, ...]:
        at, event, trace, hub, versions = (entry[part] for part in ("at", "event", "trace", "hub", "versions"))
        own_hash, chain_holds, told, not_told = made
        first, answers = entry["first"], entry.get("answers") or _NO_ANSWER
        redrive = entry.get("redrive") or _NO_REDRIVE
        return (
            record.partition,
            record.offset,
            at["time_ms"],
            record.timestamp,
            entry["number"],
            f"\\x{own_hash}",
            chain_holds,
            at["topic"],
            at["offset"],
            entry["outcome"],
            event["source"],
            _uuid(event["id"]),
            event["type"],
            _uuid(event.get("subject")),
            _uuid(event.get("correlationid")),
            event.get("sequence"),
            event.get("time"),
            entry["signer"],
            entry["key_id"],
            _bytes(entry["digest"]),
            entry["size"],
            dumps(entry["faults"]).decode() if entry["faults"] else None,
            _place(first),
            told,
            not_told,
            _uuid(entry["receipt"]),
            entry["receipt_to"],
            trace["trace_id"],
            trace["parent"],
            trace["span"],
            trace["origin"],
            hub["worker"],
            hub["read_ms"],
            hub["decided_ms"],
            versions["policy"],
            versions["directory"],
            versions["network"],
            _uuid(answers["delivery"]),
            answers["kind"],
            _said_ms(answers["said_at"]),
            answers["reason"],
            answers["original"]["source"],
            _uuid(answers["original"]["id"]),
            _place(redrive["origin"]),
            redrive["count"],
        )

    def _decisions(self, record: Record, entry: dict[str, Any], family: str, batch: Batch) -> int:
        """Add a row for each party, and how many were told."""
        at_ms, told = entry["at"]["time_ms"], 0
        if not EARLIEST_MS <= at_ms < LATEST_MS:
            raise ValueError("a broker time of another century")
        batch.times.add(at_ms - at_ms % _HOUR_MS)
        day_ms, event = at_ms - at_ms % DAY_MS, entry["event"]
        for ordinal, decision in enumerate(entry["decisions"]):
            tally = batch.tallies[TallyKey(day_ms, decision["recipient"], family)]
            delivery = digest = topic = None
            if decision["told"]:
                told += 1
                tally.told += 1
                delivery, digest, topic = _uuid(decision["delivery"]), _bytes(decision["digest"]), decision["topic"]
                batch.deliveries.append(decision["delivery"])
            else:
                tally.not_told += 1
            grounds = self._grounds_of(decision, batch)
            place = (record.partition, record.offset, at_ms, ordinal, decision["recipient"], decision["told"])
            batch.decisions.append((*place, grounds, event["type"], topic, delivery, digest, event["source"]))
        return told

    def _grounds_of(self, decision: dict[str, Any], batch: Batch) -> int:
        """The id of a decision's reasons: the same for the same reasons, in every database."""
        reasons = (
            decision["relation"],
            decision["rule"],
            decision["basis"],
            decision["agreement"],
            decision["view"],
            decision["reason"],
        )
        known = self._grounds.get(reasons)
        if known is None:
            known = int.from_bytes(hashlib.sha256(dumps(reasons)).digest()[:8], signed=True)
            self._grounds[reasons] = known
        batch.grounds[known] = (known, *reasons)
        return known

    def _answer(self, record: Record, entry: dict[str, Any], batch: Batch) -> None:
        answers = entry.get("answers")
        if answers is not None and entry["outcome"] == Outcome.ACCEPTED:
            batch.answers.append(
                AnswerRow(
                    lane=record.partition,
                    position=record.offset,
                    arrived_ms=entry["at"]["time_ms"],
                    delivery=answers["delivery"],
                    kind=AnswerKind(answers["kind"]).value,
                    signer=entry["signer"],
                    reason=answers["reason"],
                )
            )


_NO_ANSWER: dict[str, Any] = {
    "delivery": None,
    "kind": None,
    "said_at": None,
    "reason": None,
    "original": {"source": None, "id": None},
}


_NO_REDRIVE: dict[str, Any] = {"origin": None, "count": None}


def _sums(entry: dict[str, Any], counted: tuple[str, int, int], batch: Batch) -> None:
    (family, told, not_told), outcome, at_ms = counted, entry["outcome"], entry["at"]["time_ms"]
    minute = batch.flow[at_ms - at_ms % MINUTE_MS, family, outcome]
    minute[0] += 1
    minute[1] += told
    minute[2] += not_told
    sender = batch.senders[entry["signer"] or UNPROVEN, family, outcome]
    sender[0] += 1
    sender[1] = max(sender[1], at_ms)
    policy = batch.policies.setdefault(entry["versions"]["policy"], Sums(at_ms, at_ms))
    policy.first_ms, policy.last_ms = min(policy.first_ms, at_ms), max(policy.last_ms, at_ms)
    policy.events += 1
    policy.told += told
    policy.not_told += not_told


def _place(at: dict[str, Any] | None) -> str | None:
    return f"{at['topic']}/{at['partition']}/{at['offset']}" if at else None


def _uuid(text: str | None) -> str | None:
    if text is not None and not _UUID.match(text):
        raise ValueError("no UUID")
    return text


def _bytes(digest: str | None) -> str | None:
    """Hexadecimal as COPY reads bytes."""
    return None if digest is None else f"\\x{digest}"


def _said_ms(moment: str | None) -> int | None:
    return None if moment is None else int(datetime.fromisoformat(moment).timestamp() * 1000)
