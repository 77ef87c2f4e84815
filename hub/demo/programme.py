"""Decides what the demo sends and plays: the background events of a whole network, and the family's story."""

from collections.abc import Generator, Iterable, Iterator
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


def background(stage: Stage, *, events: int, seed: int, now: datetime) -> Iterator[Planned]:
    """The records of a whole network in the order in which they happened, over the nine months before `now`."""
    step = SPAN / max(events, 1)
    plan = Plan(seed=seed, start=_start(now), step=step, mix=Mix(large_bytes=LARGE_BYTES), prefix=stage.prefix)
    return islice(simulate(stage.world, plan, keys=stage.keys, told=stage.told), events)


def story(stage: Stage, *, now: datetime) -> Generator[Chapter, str | None, None]:
    """The family's story over the same months."""
    return tell(stage.world, SCENES, start=_start(now).date(), keys=stage.keys, prefix=stage.prefix)


def add_ended_keys(files: CredentialFiles, agencies: Iterable[str], now: datetime) -> None:
    """Put a key in the keyring for each agency that was valid once, so that somebody can sign with it."""
    files.write_keys((*files.keys(), *(new_key(agency, now - LONG_AGO) for agency in agencies)))


def _start(now: datetime) -> datetime:
    return now - SPAN - BEFORE_NOW
