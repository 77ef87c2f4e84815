"""Plays the story at the agencies' own systems: each speaks only once it has what it was told before."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from pydantic_core import from_json

from contracts.events.receipts import NotificationGap
from contracts.identity import delivery_id
from contracts.parties import agency_of
from contracts.registry import REGISTRY
from contracts.topics import Family
from hub.demo.ends import GAP
from hub.demo.far.system import System
from hub.errors import DolenError
from hub.simulate.stage import Stage
from hub.simulate.story import Chapter

PATIENCE_S = 120.0
LOOK_EVERY_S = 0.05


class NotPlayed(DolenError):
    """A scene did not become what it has to become."""


@dataclass
class Actors:
    """The agencies of the story, at their systems."""

    stage: Stage
    systems: Mapping[str, System]
    stop: threading.Event = field(default_factory=threading.Event)
    """Set when nobody waits for the story any more."""
    _owed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Notifications that each agency has to have before it speaks again."""

    def act(self, chapter: Chapter) -> str:
        """Write one scene's native record; gives the id of the event that its adapter made. Raises NotPlayed."""
        event = chapter.event
        system = self.systems[agency_of(event.source)]
        place = system.place
        for delivery in sorted(self._owed.pop(place.agency, ())):
            self._until(partial(place.has_handled, delivery), chapter, "what it was told before")
        if isinstance(event, NotificationGap):
            reference = f"{GAP}{event.data.delivery}"  # the adapter says that by itself
        else:
            reference = system.say(from_json(event.model_dump_json(exclude_unset=True)))
        found = self._until(partial(place.event_of, reference), chapter, "its event")
        if REGISTRY[event.type].family is not Family.RECEIPTS:
            for party in self.stage.told(event):
                self._owed[agency_of(party)].add(delivery_id(event.source, found, party))
        return found

    def _until(self, found: Callable[[], str | bool | None], chapter: Chapter, what: str) -> str:
        until = time.monotonic() + PATIENCE_S
        while not (there := found()):
            if self.stop.is_set() or time.monotonic() > until:
                day, agency = chapter.scene.day + 1, agency_of(chapter.event.source)
                raise NotPlayed(
                    f"the scene of day {day}, {chapter.scene.clock}, does not go on: {agency} waits for {what}; "
                    "run it again with --keep, and see the logs of its adapter and of the hub beside the stack's"
                )
            time.sleep(LOOK_EVERY_S)
        return str(there)
