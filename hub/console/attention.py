"""Decides what needs a person, worst first; each with the page where it can be looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.topics import DAY_MS
from hub.backlog import Seen
from hub.console.lanes import LaneNow
from hub.console.standing import Agency, Standing
from hub.store.balance import Balance
from hub.store.lanes import Oddity
from hub.store.redrives import count_waiting
from hub.store.worries import (
    count_letters_between,
    count_letters_expiring,
    count_refused,
    count_unsigned_reports,
)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs a person."""

    kind: str
    """A code, which the page has words for."""
    count: int
    place: str
    """The page, without its language."""
    alarm: bool


def needs(
    connection: Connection,
    *,
    books: Balance,
    odd: Sequence[Oddity],
    agencies: Sequence[Agency],
    lanes: Sequence[LaneNow],
    seen: Seen | None,
    now_ms: int,
) -> list[Need]:
    """What there is, alarms first."""
    found = [
        *_of_the_hub(books, odd, lanes, seen),
        *_of_agencies(agencies),
        *_of_letters(connection, now_ms),
    ]
    return sorted(found, key=lambda need: not need.alarm)


def _of_the_hub(books: Balance, odd: Sequence[Oddity], lanes: Sequence[LaneNow], seen: Seen | None) -> Iterator[Need]:
    if odd:
        yield Need("odd-records", len(odd), "balance#odd", True)
    if not books.holds:
        yield Need("imbalance", len(books.imbalances), "balance", True)
    if standing := sum(lane.stands for lane in lanes):
        yield Need("lane-stands", standing, "now#lanes", True)
    if seen is not None and seen.away:
        yield Need("kafka-away", 1, "now#lanes", True)


def _of_agencies(agencies: Sequence[Agency]) -> Iterator[Need]:
    if quiet := sum(agency.standing is Standing.QUIET for agency in agencies):
        yield Need("agency-quiet", quiet, "agencies", True)
    if behind := sum(agency.standing is Standing.BEHIND for agency in agencies):
        yield Need("agency-behind", behind, "agencies", False)
    if parked := sum(agency.parked for agency in agencies):
        yield Need("parked", parked, "parked", False)
    for agency in agencies:
        if agency.unreached:
            yield Need("unreached", agency.unreached, f"agencies/{agency.agency}", False)


def _of_letters(connection: Connection, now_ms: int) -> Iterator[Need]:
    if expiring := count_letters_expiring(connection, now_ms=now_ms):
        yield Need("letters-expiring", expiring, "dead-letters", True)
    if unsigned := count_unsigned_reports(connection, since_ms=now_ms - DAY_MS):
        yield Need("unsigned-reports", unsigned, "audit", True)
    if letters := count_letters_between(connection, since_ms=now_ms - DAY_MS, until_ms=now_ms + DAY_MS):
        yield Need("letters", letters, "dead-letters", False)
    if waiting := count_waiting(connection):
        yield Need("redrives-waiting", waiting, "redrives", False)
    if refused := count_refused(connection, since_ms=now_ms - DAY_MS):
        yield Need("refused", refused, "find", False)
