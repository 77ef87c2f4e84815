"""Decides how each lane of the hub stands: what waits for it, whether it moves, and how far the tables follow."""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.backlog import STANDS_AFTER_MS, Seen
from hub.store.lanes import LaneRead


@dataclass(frozen=True, slots=True)
class LaneNow:
    """One lane."""

    lane: int
    number: int
    """Records in its chain, as far as the tables are."""
    last_ms: int | None
    """Broker time of the last of them."""
    waiting: int | None
    """Inbound records that it has not decided; None: Kafka was not asked yet."""
    unread: int | None
    """Offsets of its ledger that the tables don't have yet."""
    stands: bool


def lanes_now(read: Iterable[LaneRead], seen: Seen | None, *, ledger: str, lanes: int, now_ms: int) -> list[LaneNow]:
    """Every lane, by its number."""
    of_ledger = {each.lane: each for each in read if each.topic == ledger}
    return [_lane(lane, of_ledger.get(lane), seen, ledger, now_ms) for lane in range(lanes)]


def _lane(lane: int, read: LaneRead | None, seen: Seen | None, ledger: str, now_ms: int) -> LaneNow:
    waiting = unread = None
    stands = False
    if seen is not None and lane in seen.waiting:
        waiting = seen.waiting[lane]
        unread = max(0, seen.ends.get((ledger, lane), 0) - (read.next_offset if read is not None else 0))
        stands = seen.standing_ms(lane) > STANDS_AFTER_MS
    return LaneNow(
        lane,
        number=read.number if read is not None else 0,
        last_ms=read.last_ms if read is not None and read.taken else None,
        waiting=waiting,
        unread=unread,
        stands=stands,
    )
