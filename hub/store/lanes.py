"""How far the projector has read each lane of each of the hub's topics, and what it found there that should not be."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from hub.store.tables import oddities, positions


@dataclass(frozen=True, slots=True)
class LaneRead:
    """One partition, as far as it is in the tables."""

    topic: str
    lane: int
    next_offset: int
    taken: int
    """Records read from it."""
    turned_away: int
    """Of these, in the ledger: refused or in conflict, so that each has a dead letter."""
    turned_away_ms: int
    """Broker time of the last of those."""
    number: int
    """Of the last record in its chain; 0 for a topic that has none."""
    hash: str
    """Of the last record, hexadecimal."""
    last_ms: int
    """Broker time of the last record."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """A record of the hub's own topics that is not as the hub writes them."""

    topic: str
    lane: int
    position: int
    what: str
    """`unreadable`, `chain` or `answer-of-another`."""
    written_ms: int


def lanes(connection: Connection) -> list[LaneRead]:
    """Every partition that is read, by topic and lane."""
    rows = connection.execute(select(positions).order_by(positions.c.topic, positions.c.lane))
    return [LaneRead(**(row._asdict() | {"hash": row.hash.hex()})) for row in rows]


def odd_records(connection: Connection, *, limit: int = 100) -> list[Oddity]:
    """The newest oddities: each is an alarm."""
    newest = (oddities.c.written_ms.desc(), oddities.c.topic, oddities.c.lane, oddities.c.position.desc())
    rows = connection.execute(select(oddities).order_by(*newest).limit(limit))
    return [Oddity(**row._asdict()) for row in rows]


def count_odd_records(connection: Connection) -> dict[str, int]:
    """How many there are, by what is odd."""
    rows = connection.execute(select(oddities.c.what, func.count()).group_by(oddities.c.what))
    return {what: int(count) for what, count in rows}
