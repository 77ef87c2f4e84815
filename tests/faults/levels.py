"""What each level runs: which faults, where, how often, for how long, at what rate."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.campaign import Step

# Each registers its faults.
from tests.faults.nemeses import (
    broker,
    clocks,
    corpus,
    disks,
    edges,
    hub,
    input,
    memory,
    redis,
    rights,
    three,
    versions,
    wire,
)
from tests.faults.nemeses.edges import ADAPTER
from tests.faults.nemeses.registry import NEMESES, SITE_OF

MODULES = (broker, clocks, corpus, disks, edges, hub, input, memory, redis, rights, three, versions, wire)

ONE, THREE, SMALL = "one broker", "three brokers", "small disk"
GATE = (
    "hub killed at EndTxn",
    "hub killed before-commit",
    "zombie before-offsets",
    "Redis emptied",
    "EndTxn held",
    "TxnOffsetCommit dropped",
    "two workers for the same lanes",
    "Redis back on an old snapshot",
    "policy changed in mid-stream",
    "broker killed at EndTxn",
)
WITH_THREE = (
    "EndTxn held",
    "EndTxn unheard",
    "TxnOffsetCommit dropped",
    "Produce overtaken",
    "hub killed before-commit",
    "zombie before-offsets",
    "Redis emptied",
)
"""Faults of one broker that three are asked to come through as well."""


@dataclass(frozen=True, slots=True)
class Part:
    """Campaigns of one kind, each on topics of its own with every fault `times` times in an order of its own."""

    site: str
    names: Sequence[str]
    campaigns: int = 1
    times: int = 1


@dataclass(frozen=True, slots=True)
class Level:
    """How much is done."""

    parts: Sequence[Part]
    rate: float
    """Events a second."""
    minutes: float
    """No fault begins after this."""


def at(site: str) -> tuple[str, ...]:
    """The faults of a site."""
    return tuple(name for name in NEMESES if SITE_OF[name] == site)


def everything(*, one: int, three: int, small: int, adapter: int) -> tuple[Part, ...]:
    """Every fault there is; so many campaigns with one broker, and so many times the faults of the other sites.

    The sites take turns, so that a run which is broken off has met them all.
    """
    parts = [
        Part(ONE, at(ONE)),
        Part(THREE, (*at(THREE), *WITH_THREE), times=three),
        Part(SMALL, at(SMALL), times=small),
        Part(ADAPTER, at(ADAPTER), times=adapter),
        Part(ONE, at(ONE), campaigns=one - 1),
    ]
    return tuple(part for part in parts if part.campaigns and part.times)


LEVELS = {
    "gate": Level((Part(ONE, GATE),), rate=300, minutes=3),
    "night": Level(everything(one=3, three=2, small=4, adapter=5), rate=300, minutes=45),
    "release": Level(everything(one=40, three=20, small=20, adapter=20), rate=200, minutes=600),
}


def plan(part: Part, seed: int, campaign: int) -> list[Step]:
    """The faults of one campaign, in order: the same seed, the same plan."""
    rng = random.Random(f"{seed}/{campaign}")
    names = [*part.names] * part.times
    rng.shuffle(names)
    return [Step(name, rng.getrandbits(32)) for name in names]
