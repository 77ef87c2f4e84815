"""Decides what the demo sends and when: the family's story spread among the background events of a whole network."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from hub.credentials import KEY_LIFE, CredentialFiles, new_key
from hub.simulate.generator import Mix, Plan, simulate
from hub.simulate.planned import Planned
from hub.simulate.stage import Stage
from hub.simulate.story import SPAN, Chapter, tell
from hub.simulate.story_scenes import SCENES

LARGE_BYTES = 10 * 1024 * 1024
BEFORE_NOW = timedelta(days=2)
"""The story ends in the past: an event in the future would be refused."""
LONG_AGO = KEY_LIFE + timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Item:
    """One record of the demo, with its scene if it is the story's."""

    planned: Planned
    chapter: Chapter | None = None


def programme(stage: Stage, *, events: int, seed: int, now: datetime) -> Iterator[Item]:
    """The records in the order in which they happened, over the nine months before `now`."""
    start = now - SPAN - BEFORE_NOW
    step = SPAN / max(events, 1)
    plan = Plan(seed=seed, start=start, step=step, mix=Mix(large_bytes=LARGE_BYTES), prefix=stage.prefix)
    background = islice(simulate(stage.world, plan, keys=stage.keys, told=stage.told), events)
    story = tell(stage.world, SCENES, start=start.date(), keys=stage.keys, prefix=stage.prefix)
    merged = heapq.merge(
        ((start + number * step, 0, Item(planned)) for number, planned in enumerate(background)),
        ((chapter.event.time, 1, Item(chapter.record, chapter)) for chapter in story),
        key=lambda entry: entry[:2],
    )
    return (item for _, _, item in merged)


def add_ended_keys(files: CredentialFiles, agencies: Iterable[str], now: datetime) -> None:
    """Put a key in the keyring for each agency that was valid once, so that somebody can sign with it."""
    files.write_keys((*files.keys(), *(new_key(agency, now - LONG_AGO) for agency in agencies)))
