"""How much came in and went out, by family and minute."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, select

from hub.store.tables import flow, tallies

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class FamilyFlow:
    """What one family of events came to."""

    family: str
    accepted: int
    duplicate: int
    conflict: int
    rejected: int
    told: int
    """Notifications that went out."""
    not_told: int

    @property
    def events(self) -> int:
        """Inbound records."""
        return self.accepted + self.duplicate + self.conflict + self.rejected


@dataclass(frozen=True, slots=True)
class FlowMinute:
    """One minute of one family."""

    minute_ms: int
    family: str
    events: int
    told: int


@dataclass(frozen=True, slots=True)
class Unopened:
    """Notifications of one day that nobody has opened."""

    day_ms: int
    family: str
    told: int
    unopened: int


def flow_by_family(connection: Connection, *, since_ms: int, until_ms: int | None = None) -> list[FamilyFlow]:
    """Sums of whole minutes since a moment, by family."""
    question = (
        select(
            flow.c.family,
            *(
                func.coalesce(func.sum(flow.c.events).filter(flow.c.outcome == outcome), 0).label(outcome)
                for outcome in ("accepted", "duplicate", "conflict", "rejected")
            ),
            func.sum(flow.c.told).label("told"),
            func.sum(flow.c.not_told).label("not_told"),
        )
        .where(flow.c.minute_ms >= since_ms - since_ms % MINUTE_MS)
        .group_by(flow.c.family)
        .order_by(flow.c.family)
    )
    if until_ms is not None:
        question = question.where(flow.c.minute_ms < until_ms)
    return [FamilyFlow(**_numbers(row)) for row in connection.execute(question)]


def flow_by_minute(connection: Connection, *, since_ms: int, until_ms: int | None = None) -> list[FlowMinute]:
    """Events and notifications of each minute and family, oldest first; a minute without any is left out."""
    question = (
        select(
            flow.c.minute_ms,
            flow.c.family,
            func.sum(flow.c.events).label("events"),
            func.sum(flow.c.told).label("told"),
        )
        .where(flow.c.minute_ms >= since_ms - since_ms % MINUTE_MS)
        .group_by(flow.c.minute_ms, flow.c.family)
        .order_by(flow.c.minute_ms, flow.c.family)
    )
    if until_ms is not None:
        question = question.where(flow.c.minute_ms < until_ms)
    return [FlowMinute(**_numbers(row)) for row in connection.execute(question)]


def unopened_by_day(connection: Connection, *, since_ms: int = 0) -> list[Unopened]:
    """How many of each day's notifications wait for a person, by family, oldest first."""
    question = (
        select(
            tallies.c.day_ms,
            tallies.c.family,
            func.sum(tallies.c.told).label("told"),
            func.sum(tallies.c.told - tallies.c.opened).label("unopened"),
        )
        .where(tallies.c.day_ms >= since_ms)
        .group_by(tallies.c.day_ms, tallies.c.family)
        .having(func.sum(tallies.c.told - tallies.c.opened) > 0)
        .order_by(tallies.c.day_ms, tallies.c.family)
    )
    return [Unopened(**_numbers(row)) for row in connection.execute(question)]


def _numbers(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Sums of BIGINT come as decimals."""
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in row._asdict().items()}
