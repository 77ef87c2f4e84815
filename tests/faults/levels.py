"""What each level runs: which faults, how often, for how long, at what rate."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.campaign import Step
from tests.faults.nemeses import NEMESES

SLOW = {"broker stopped past the transaction limit"}
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


@dataclass(frozen=True, slots=True)
class Level:
    """How much is done."""

    names: Sequence[str]
    rounds: int
    """Campaigns, each on topics of its own, each with every fault once in an order of its own."""
    rate: float
    """Events a second."""
    minutes: float
    """No fault begins after this."""


LEVELS = {
    "gate": Level(GATE, rounds=1, rate=300, minutes=3),
    "night": Level(tuple(NEMESES), rounds=6, rate=200, minutes=70),
    "release": Level(tuple(NEMESES), rounds=40, rate=200, minutes=600),
}


def plan(level: Level, seed: int, campaign: int) -> list[Step]:
    """The faults of one campaign, in order: the same seed, the same plan."""
    rng = random.Random(f"{seed}/{campaign}")
    names = list(level.names)
    rng.shuffle(names)
    return [Step(name, rng.getrandbits(32)) for name in names]
