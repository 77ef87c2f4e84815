"""Turns dead letters, the access log and heartbeats into rows."""

from datetime import datetime

from orjson import dumps
from pydantic import ValidationError

from contracts.heartbeat import Heartbeat
from hub.access_log import AccessEntry
from hub.dead_letter import DeadLetter
from hub.keyring import Keyring
from hub.ledger import record_hash
from hub.observe.projection.batch import Batch
from hub.observe.projection.ledger import EARLIEST_MS, LATEST_MS
from hub.record import Record
from hub.verify import verify

_HOUR_MS = 3_600_000
LARGEST_HEARTBEAT = 4 * 1024
"""Bytes."""


def take_letter(record: Record, batch: Batch) -> None:
    """Add a dead letter's row; raises ValueError for one that no hub wrote."""
    letter = DeadLetter.model_validate_json(record.value or b"")
    batch.times.add(_hour(letter.at.time_ms))
    batch.letters.append(
        (
            record.partition,
            record.offset,
            letter.at.time_ms,
            letter.at.topic,
            letter.at.offset,
            letter.outcome,
            letter.source,
            letter.event_id,
            letter.event_type,
            letter.signer,
            letter.key_id,
            dumps([fault.model_dump() for fault in letter.faults]).decode(),
            list(dict.fromkeys(fault.code for fault in letter.faults)),
            dumps(letter.first).decode() if letter.first is not None else None,
        )
    )


def take_access(record: Record, batch: Batch) -> None:
    """Add an access record's row; raises ValueError for one that no hub wrote."""
    value = record.value or b""
    entry = AccessEntry.model_validate_json(value)
    head, own_hash = batch.head((record.topic, record.partition)), record_hash(value)
    chain_holds = entry.number == head.number + 1 and entry.prev == head.hash
    batch.times.add(_hour(entry.at.time_ms))
    told = entry.record
    batch.accesses.append(
        (
            record.partition,
            record.offset,
            entry.at.time_ms,
            record.timestamp,
            entry.number,
            f"\\x{own_hash}",
            chain_holds,
            entry.signer,
            entry.fault,
            *(
                (None,) * 9
                if told is None
                else (
                    told.id,
                    _ms(told.at),
                    told.by,
                    told.role,
                    told.for_party,
                    told.act.value,
                    told.what,
                    told.about,
                    told.why,
                )
            ),
        )
    )
    head.number, head.hash = entry.number, own_hash
    if not chain_holds:
        batch.oddities.append((record.topic, record.partition, record.offset, "chain", record.timestamp))


def take_heartbeat(record: Record, keyring: Keyring, batch: Batch) -> None:
    """Keep the newest of each adapter; what its agency did not sign, or says of another, is dropped."""
    value = record.value or b""
    signed = verify(record, keyring)
    if signed.fault is not None or len(value) > LARGEST_HEARTBEAT:
        return
    try:
        beat = Heartbeat.model_validate_json(value)
    except ValidationError:
        return
    if beat.agency != signed.agency:
        return
    row = {
        "agency": beat.agency,
        "adapter": beat.adapter,
        "received_ms": record.timestamp,
        "at_ms": _ms(beat.at),
        "started_ms": _ms(beat.started_at),
        "outbox_waiting": beat.outbox_waiting,
        "outbox_oldest_ms": _age_ms(beat.outbox_oldest_s),
        "outbox_refused": beat.outbox_refused,
        "inbox_waiting": beat.inbox_waiting,
        "inbox_oldest_ms": _age_ms(beat.inbox_oldest_s),
        "parked_children": beat.parked_children,
        "parked": beat.parked,
        "unreached": beat.unreached,
    }
    known = batch.heartbeats.get((beat.agency, beat.adapter))
    if known is None or known["received_ms"] <= record.timestamp:  # type: ignore[operator]
        batch.heartbeats[beat.agency, beat.adapter] = row


def _hour(time_ms: int) -> int:
    if not EARLIEST_MS <= time_ms < LATEST_MS:
        raise ValueError("a broker time of another century")
    return time_ms - time_ms % _HOUR_MS


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _age_ms(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)
