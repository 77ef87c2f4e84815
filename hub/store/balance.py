"""Whether everything adds up: every event has one outcome, every outcome its records, every recipient its answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from hub.store.lanes import LaneRead, lanes
from hub.store.tables import flow, oddities, senders, tallies

SETTLES_MS = 60_000
"""How long after its last event turned away a lane's letters may still be on their way into the tables."""

_OUTCOMES = ("accepted", "duplicate", "conflict", "rejected")


@dataclass(frozen=True, slots=True)
class RecipientBalance:
    """One party: how many decisions concerned it, and what came back of those told."""

    recipient: str
    told: int
    not_told: int
    answered: int
    """Of those told: anything came back."""
    delivered: int
    opened: int
    accepted_by: int
    refused: int

    @property
    def considered(self) -> int:
        """Decisions that concerned it."""
        return self.told + self.not_told

    @property
    def unanswered(self) -> int:
        """Of those told: nothing came back yet."""
        return self.told - self.answered


@dataclass(frozen=True, slots=True)
class Imbalance:
    """A sum that is off: an alarm."""

    rule: str
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class Balance:
    """The hub's books of one moment; sums of what is kept, but for `imbalances`, which are of all that was read."""

    accepted: int
    duplicate: int
    conflict: int
    rejected: int
    told: int
    not_told: int
    recipients: Sequence[RecipientBalance]
    imbalances: Sequence[Imbalance]

    @property
    def events(self) -> int:
        """Inbound records."""
        return self.accepted + self.duplicate + self.conflict + self.rejected

    @property
    def holds(self) -> bool:
        """Whether nothing is off."""
        return not self.imbalances


def balance(connection: Connection, *, ledger: str, dead_letters: str, now_ms: int) -> Balance:
    """The books; the names are of the topics to compare."""
    counts = {
        row.outcome: (int(row.events), int(row.told), int(row.not_told)) for row in connection.execute(_BY_OUTCOME)
    }
    told, not_told = (sum(count[place] for count in counts.values()) for place in (1, 2))
    recipients = [
        RecipientBalance(row.recipient, *map(int, tuple(row)[1:])) for row in connection.execute(_BY_RECIPIENT)
    ]
    off = [
        *_of_lanes(connection, ledger=ledger, dead_letters=dead_letters, now_ms=now_ms),
        *_unequal("every notification has a recipient", told, sum(each.told for each in recipients)),
        *_unequal("every party not told is counted", not_told, sum(each.not_told for each in recipients)),
    ]
    return Balance(
        **{outcome: counts.get(outcome, (0, 0, 0))[0] for outcome in _OUTCOMES},
        told=told,
        not_told=not_told,
        recipients=recipients,
        imbalances=off,
    )


def _of_lanes(connection: Connection, *, ledger: str, dead_letters: str, now_ms: int) -> list[Imbalance]:
    read = {(lane.topic, lane.lane): lane for lane in lanes(connection)}
    of_ledger = [lane for lane in read.values() if lane.topic == ledger]
    unreadable = connection.execute(
        select(func.count()).select_from(oddities).where(oddities.c.topic == ledger, oddities.c.what == "unreadable")
    ).scalar_one()
    events = int(connection.execute(select(func.coalesce(func.sum(senders.c.events), 0))).scalar_one())
    taken = sum(lane.taken for lane in of_ledger)
    return [
        *_unequal("every ledger record is an event with an outcome", taken - unreadable, events),
        *(off for lane in of_ledger for off in _unequal("a chain has no gap", lane.number, lane.taken)),
        *(off for lane in of_ledger for off in _letters(lane, read.get((dead_letters, lane.lane)), now_ms)),
    ]


def _letters(lane: LaneRead, letters: LaneRead | None, now_ms: int) -> list[Imbalance]:
    if lane.turned_away_ms > now_ms - SETTLES_MS:
        return []
    found = 0 if letters is None else letters.taken
    return _unequal("every event turned away has a dead letter", lane.turned_away, found)


def _unequal(rule: str, expected: int, found: int) -> list[Imbalance]:
    return [] if expected == found else [Imbalance(rule, expected, found)]


_BY_OUTCOME = select(
    flow.c.outcome,
    func.sum(flow.c.events).label("events"),
    func.sum(flow.c.told).label("told"),
    func.sum(flow.c.not_told).label("not_told"),
).group_by(flow.c.outcome)

_BY_RECIPIENT = (
    select(
        tallies.c.recipient,
        *(
            func.sum(column)
            for column in (
                tallies.c.told,
                tallies.c.not_told,
                tallies.c.answered,
                tallies.c.delivered,
                tallies.c.opened,
                tallies.c.accepted_by,
                tallies.c.refused,
            )
        ),
    )
    .group_by(tallies.c.recipient)
    .order_by(tallies.c.recipient)
)
