"""Asks what the console's Find page can be asked, of many notifications, and measures each way of asking."""

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, text

from hub.bench.latency import Latency, percentiles
from hub.bench.tables import Seldom
from hub.store.tables import decisions, records

TO_REACH_MS = 200.0

Query = Mapping[str, str]
"""What a form of the page holds."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One way of asking, and how long its pages took."""

    way: str
    milliseconds: Latency
    worst: float


def questions(connection: Connection, *, few: Seldom, each: int, seed: int) -> Iterator[tuple[str, Query]]:
    """Each way of asking so many times, about different events, from all of the time that there is."""
    for event in _some(connection, each, seed):
        yield "nothing: the newest", {}
        yield "event's id", {"id": event.event_id}
        yield "notification's id", {"id": event.delivery}
        yield "sender's reference", {"id": event.subject}
        yield "episode", {"id": event.correlation_id}
        yield "id of nothing", {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, event.event_id))}
        yield "trace", {"id": event.trace_id.replace("-", "")}
        yield "recipient", {"recipient": event.recipient}
        yield "recipient, older page", {"recipient": event.recipient, "before": event.cursor}
        yield "recipient and type", {"recipient": event.recipient, "type": event.type}
        yield "recipient, unopened", {"recipient": event.recipient, "unopened": "1"}
        yield "recipient, all opened", {"recipient": few.opener, "unopened": "1"}
        yield "recipient and sender", {"recipient": event.recipient, "source": event.source}
        yield "recipient and sender, none", {"recipient": few.opener, "source": few.stranger}
        yield "sender", {"source": event.source}
        yield "sender of nothing", {"source": few.silent}
        yield "sender and type", {"source": event.source, "type": event.type}
        yield "type, older page", {"type": event.type, "before": event.cursor}
        yield "outcome", {"outcome": "rejected"}
        yield "sender and outcome", {"source": event.source, "outcome": "rejected"}


def ask_all(asked: Sequence[tuple[str, Query]], ask: Callable[[Query], None]) -> list[Asking]:
    """Ask each question, and how long that took, by the way of asking; the first of each way is not counted."""
    took: dict[str, list[float]] = {}
    for way, query in asked:
        begun = time.perf_counter()
        ask(query)
        took.setdefault(way, []).append((time.perf_counter() - begun) * 1000)
    return [Asking(way, percentiles(times[1:]), round(max(times[1:]), 2)) for way, times in took.items()]


@dataclass(frozen=True, slots=True)
class _Event:
    event_id: str
    delivery: str
    subject: str
    correlation_id: str
    trace_id: str
    recipient: str
    source: str
    type: str
    cursor: str


def _some(connection: Connection, count: int, seed: int) -> Iterator[_Event]:
    """Events from all of the time, the same for the same seed."""
    pick = random.Random(seed)  # noqa: S311 - a load, not a secret
    first, last = connection.execute(text("SELECT min(at_ms), max(at_ms) FROM records")).one()
    told = select(records).where(records.c.told > 0).order_by(records.c.at_ms).limit(1)
    for _ in range(count):
        since = pick.randint(first, last - (last - first) // 100)
        row = connection.execute(told.where(records.c.at_ms >= since)).one()
        place = (decisions.c.lane == row.lane, decisions.c.position == row.position, decisions.c.at_ms == row.at_ms)
        decision = connection.execute(select(decisions).where(*place).limit(1)).one()
        yield _Event(
            row.event_id,
            decision.delivery,
            row.subject,
            row.correlation_id,
            row.trace_id,
            decision.recipient,
            row.source,
            row.type,
            f"{row.at_ms}.{row.lane}.{row.position}",
        )
