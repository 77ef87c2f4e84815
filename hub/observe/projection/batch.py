"""What one transaction writes: rows of records, sums over them, and how far each partition is read by them."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hub.ledger import GENESIS
from hub.offsets import Place

Row = tuple[object, ...]
"""Values in the order of the table's columns."""


@dataclass(slots=True)
class Head:
    """How far one partition is read, as the table `positions` has it."""

    next_offset: int = 0
    taken: int = 0
    turned_away: int = 0
    turned_away_ms: int = 0
    number: int = 0
    hash: str = GENESIS
    last_ms: int = 0


class AnswerRow(NamedTuple):
    """What a recipient answered, and where the ledger has it."""

    lane: int
    position: int
    arrived_ms: int
    delivery: str
    kind: str
    signer: str
    reason: str | None


class TallyKey(NamedTuple):
    """Which tally a decision counts in."""

    day_ms: int
    recipient: str
    family: str


@dataclass(slots=True)
class Tally:
    """How many decisions there were, and what came back."""

    told: int = 0
    not_told: int = 0
    answered: int = 0
    delivered: int = 0
    opened: int = 0
    accepted_by: int = 0
    refused: int = 0


@dataclass(slots=True)
class Sums:
    """What one version of the policy decided."""

    first_ms: int
    last_ms: int
    events: int = 0
    told: int = 0
    not_told: int = 0


@dataclass(slots=True)
class Batch:
    """Rows and sums of some records; `before` and `heads` say from where to where each partition is read."""

    before: dict[Place, Head]
    """From where each partition was read; without those never read before."""
    ledger: str = ""
    """The ledger's topic."""
    heads: dict[Place, Head] = field(default_factory=dict)
    records: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    grounds: dict[int, Row] = field(default_factory=dict)
    answers: list[AnswerRow] = field(default_factory=list)
    letters: list[Row] = field(default_factory=list)
    accesses: list[Row] = field(default_factory=list)
    heartbeats: dict[tuple[str, str], dict[str, object]] = field(default_factory=dict)
    oddities: list[Row] = field(default_factory=list)
    flow: dict[tuple[int, str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    tallies: dict[TallyKey, Tally] = field(default_factory=lambda: defaultdict(Tally))
    senders: dict[tuple[str, str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    policies: dict[str, Sums] = field(default_factory=dict)
    times: set[int] = field(default_factory=set)
    """Broker times of the partitioned rows, one for each hour: which months they need."""

    def head(self, place: Place) -> Head:
        """The partition's head, to be moved on; a copy, since a batch may have to be made again."""
        head = self.heads.get(place)
        if head is None:
            head = self.heads[place] = replace(self.before.get(place, Head()))
        return head
