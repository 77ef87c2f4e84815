"""Makes the window of seen events anew from the ledger, when Redis has lost it."""

import asyncio
import time

import structlog
from aiokafka import ConsumerRecord

from contracts.topics import DAY_MS
from hub.dedupe import Claim
from hub.ledger import LedgerEntry
from hub.offsets import Offsets
from hub.outcomes import Outcome
from hub.record import Coordinates
from hub.rules import Rules
from hub.scan import scan
from hub.seen import Seen
from hub.settings import Settings

log = structlog.get_logger("dolen.rebuild")

WAIT_FOR_OTHER_S = 0.2


async def rebuild(seen: Seen, *, settings: Settings, rules: Rules, offsets: Offsets) -> None:
    """Rebuild the window under Redis' lock, or wait a little while another worker does.

    From all partitions of the ledger: a repeat can arrive in another lane than the first. First the epoch goes, so that
    no lane can commit; then where the ledger ends is noted, undecided transactions included; then it is read to there.
    A batch that a lane had claimed before is thus either read here, or fails its epoch check and is claimed again.
    """
    async with seen.rebuilding() as window:
        if window is None:
            await asyncio.sleep(WAIT_FOR_OTHER_S)
            return
        started = time.monotonic()
        log.info("seen.rebuild")
        places = [(rules.names.ledger, lane) for lane in range(settings.lanes)]
        ends = await offsets.ends(places)
        oldest = time.time_ns() // 1_000_000 - settings.seen_window_days * DAY_MS
        restored = 0
        async for records in scan(settings.kafka_client(), ends):
            marks = [mark for record in records if (mark := _mark(record, rules, oldest)) is not None]
            await window.restore(marks)
            restored += len(marks)
        await window.finish(await offsets.committed())
        log.info("seen.rebuilt", events=restored, seconds=round(time.monotonic() - started, 3))


def _mark(record: ConsumerRecord, rules: Rules, oldest_ms: int) -> tuple[Claim, int] | None:
    entry = LedgerEntry.model_validate_json(record.value)
    event = entry.event
    if entry.outcome != Outcome.ACCEPTED or event.source is None or event.id is None or entry.digest is None:
        return None
    at = Coordinates(entry.at.topic, entry.at.partition, entry.at.offset)
    claim = rules.marks.claim(source=event.source, event_id=event.id, digest=bytes.fromhex(entry.digest), at=at)
    return claim, entry.at.time_ms - oldest_ms
