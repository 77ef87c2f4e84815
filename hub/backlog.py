"""Asks Kafka how far the lanes are behind, and decides which of them stand still; what it said last is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub.errors import Unavailable
from hub.offsets import Offsets, Place

STANDS_AFTER_MS = 60_000
"""A lane that has something to do and commits nothing for so long stands still."""


@dataclass(frozen=True)
class Seen:
    """What Kafka said at one moment."""

    at_ms: int
    away: bool = False
    """It didn't answer: the rest is of before."""
    waiting: Mapping[int, int] = field(default_factory=dict)
    """Inbound records that the hub has not committed, by lane."""
    moved_ms: Mapping[int, int] = field(default_factory=dict)
    """When each lane was last seen to commit something, or to have nothing to do."""
    ends: Mapping[Place, int] = field(default_factory=dict)
    """Where other topics end that were asked for too."""

    def standing_ms(self, lane: int) -> int:
        """For how long a lane has had something to do and committed nothing; 0 where it moves or rests."""
        if not self.waiting.get(lane):
            return 0
        return self.at_ms - self.moved_ms.get(lane, self.at_ms)


class Backlog:
    """Kafka, as whoever watches the lanes asks it."""

    def __init__(self, offsets: Offsets, *, inbound: Iterable[Place], also: Iterable[Place] = ()) -> None:
        self._offsets = offsets
        self._inbound = tuple(inbound)
        self._also = tuple(also)
        self._committed: Mapping[Place, int] = {}
        self.seen: Seen | None = None

    @property
    def away(self) -> bool:
        """Whether Kafka didn't answer when it was last asked, or was not asked yet."""
        return self.seen is None or self.seen.away

    async def look(self, at_ms: int) -> None:
        """Ask how far everything is; where Kafka is away, keep what was known and say so."""
        try:
            committed = await self._offsets.committed()
            ends = await self._offsets.stable_ends([*self._inbound, *self._also])
            missing = [place for place in self._inbound if place not in committed]
            committed |= await self._offsets.beginnings(missing)
        except Unavailable:
            before = self.seen or Seen(at_ms)
            self.seen = Seen(before.at_ms, True, before.waiting, before.moved_ms, before.ends)
            return
        before = self.seen or Seen(at_ms)
        waiting: dict[int, int] = {}
        moved = {lane: before.moved_ms.get(lane, at_ms) for _, lane in self._inbound}
        for place in self._inbound:
            waiting[place[1]] = waiting.get(place[1], 0) + max(0, ends[place] - committed[place])
            if committed[place] != self._committed.get(place):
                moved[place[1]] = at_ms
        moved |= {lane: at_ms for lane, count in waiting.items() if count == 0}
        self._committed = committed
        self.seen = Seen(at_ms, False, waiting, moved, {place: ends[place] for place in self._also})
