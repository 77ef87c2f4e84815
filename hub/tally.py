"""Counts what a batch came to, by what a figure may say: family, outcome and fault code, and nothing of an event."""

from collections import Counter
from dataclasses import dataclass, field

from contracts.faults import FaultCode
from contracts.topics import Family
from hub.answers import Answer
from hub.outcomes import Outcome


@dataclass(slots=True)
class Tally:
    """Sums over the records of one batch."""

    events: Counter[tuple[Family, Outcome]] = field(default_factory=Counter)
    """By the family of the topic that each came on: what an event says of itself may be anything."""
    notifications: Counter[Family] = field(default_factory=Counter)
    faults: Counter[FaultCode] = field(default_factory=Counter)
    """Events turned away for a reason; one with several reasons counts for each."""

    def add(self, family: Family, answer: Answer) -> None:
        """Count one record."""
        self.events[family, answer.outcome] += 1
        if answer.told:
            self.notifications[family] += answer.told
        if answer.codes:
            self.faults.update(answer.codes)

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """How many records came to what."""
        found: Counter[Outcome] = Counter()
        for (_, outcome), count in self.events.items():
            found[outcome] += count
        return dict(found)
