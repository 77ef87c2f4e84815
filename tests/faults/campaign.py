"""One campaign: a steady load, a plan of faults from a seed, and for each fault when it struck and what it cost."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hub.local.stack import Stack
from tests.faults.ground import Ground
from tests.faults.journal import Journal, Sender

RECOVERED_WITHIN_S = 240.0
"""Generous: the machine may be busy. The table says how long it took."""
Say = Callable[[str], None]


class NotHere(Exception):
    """A fault that this machine can't have; says what would have to be there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One fault of a plan; `seed` decides all that is random in it."""

    name: str
    seed: int


@dataclass
class Strike:
    """One fault as it happened."""

    name: str
    at: float
    """Seconds since the load began."""
    inside: int
    """How many transactions were open at that moment."""
    step: int = 0
    recovery_s: float = 0.0
    """Until every lane had committed again."""
    stall_s: float = 0.0
    """The longest time that one lane went without a commit around it."""


@dataclass
class Campaign:
    """What a nemesis has to work with."""

    ground: Ground
    stack: Stack
    sender: Sender
    journal: Journal
    say: Say = print
    rng: random.Random = field(default_factory=random.Random)
    strikes: list[Strike] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)
    restarts: list[str] = field(default_factory=list)
    """Faults after which a worker ended by itself and was started again."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Faults that this machine can't have, and why."""
    stuck: str = ""
    """Why the plan was not gone through to its end, where it was not."""
    _name: str = ""

    def struck(self, *, inside: int | None = None) -> None:
        """A nemesis says: now. Whether a transaction is open is read from the wire, or known to the nemesis."""
        count = len(self.ground.wire.open) if inside is None else inside
        now = time.monotonic()
        self.strikes.append(Strike(self._name, now - self.begun, count, self.journal.step))

    async def run(self, plan: Sequence[Step], nemeses: dict, *, until: float = float("inf")) -> int:
        """Go through the plan, or as far as the time goes; how many steps were done."""
        for number, step in enumerate(plan):
            if time.monotonic() > until:
                return number
            self._name, self.rng, self.journal.step = step.name, random.Random(step.seed), number
            before = len(self.strikes)
            await asyncio.sleep(self.rng.uniform(0.1, 0.6))
            try:
                await nemeses[step.name](self)
            except NotHere as missing:
                self.left_out[step.name] = str(missing)
                self.say(f"  {number + 1:3} {step.name}: LEFT OUT: {missing}")
                continue
            await self._recovered(self.strikes[before:])
            await self.ground.leave_one()
            self._tell(number, self.strikes[before:])
        return len(plan)

    async def _recovered(self, strikes: Sequence[Strike]) -> None:
        """Wait until every lane has committed after the last of these strikes and everything is whole again."""
        healed = time.monotonic()
        while lanes := [lane for lane, times in self.ground.wire.commits.items() if times[-1] < healed]:
            if not self.ground.living:  # what a supervisor does
                self.restarts.append(self._name)
                self.ground.start()
            if time.monotonic() - healed > RECOVERED_WITHIN_S:
                raise AssertionError(f"{self._name}: {lanes} did not come back; the log ends:\n{self.ground.tail()}")
            await asyncio.sleep(0.05)
        for strike in strikes:
            self._measure(strike)

    def _measure(self, strike: Strike) -> None:
        at = strike.at + self.begun
        for times in self.ground.wire.commits.values():
            before = max((one for one in times if one <= at), default=at)
            after = min((one for one in times if one > at), default=at)
            strike.recovery_s = max(strike.recovery_s, after - at)
            strike.stall_s = max(strike.stall_s, after - before)

    def _tell(self, number: int, strikes: Sequence[Strike]) -> None:
        inside = sum(strike.inside > 0 for strike in strikes)
        longest = max((strike.recovery_s for strike in strikes), default=0.0)
        self.say(
            f"  {number + 1:3} {self._name:38} struck {len(strikes)}, {inside} inside a transaction, "
            f"{longest:5.1f} s until all lanes committed"
        )
