"""Reads archived traffic anew: what agencies sent since a moment, and of that no more than so many of the newest."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

from hub.names import Names
from hub.offsets import Offsets, Place
from hub.record import Record
from hub.scan import scan
from hub.settings import Settings


class Window(NamedTuple):
    """What is read: from where to where in each partition."""

    since_ms: int
    cut: bool
    """Whether it begins later than was asked, since there was more than may be read."""
    starts: Mapping[Place, int]
    ends: Mapping[Place, int]

    @property
    def records(self) -> int:
        """How many records at most: of what lies between, some may have expired."""
        return sum(self.ends[place] - start for place, start in self.starts.items())


async def window(settings: Settings, *, since_ms: int, now_ms: int, most: int) -> Window:
    """The newest `most` records since a moment, or fewer: it ends where the topics end now. Raises `Unavailable`."""
    names = Names(settings.topic_prefix)
    places = names.inbound_places(settings.lanes)
    offsets = Offsets(settings.kafka_admin(), group=names.group, inbound=())
    ends = await offsets.stable_ends(places)

    async def back_to(at_ms: int) -> Window:
        found = await offsets.since(places, at_ms)
        starts = {place: start for place, start in found.items() if start < ends[place]}
        return Window(at_ms, at_ms != since_ms, starts, {place: ends[place] for place in starts})

    found, early, late = await back_to(since_ms), since_ms, now_ms
    while found.records > most and late - early > 1:
        middle = (early + late) // 2
        narrowed = await back_to(middle)
        if narrowed.records > most:
            early = middle
        else:
            late = middle
    return found if found.records <= most else await back_to(late)


async def archived(settings: Settings, seen: Window) -> AsyncIterator[Sequence[Record]]:
    """The records of a window, some of one partition at a time, in its order; raises `Unavailable`."""
    async for records in scan(settings.kafka_client(), seen.ends, starts=seen.starts):
        yield records
