"""Says what stands in an outbox and why, by ids and codes: what waits for the hub, and what a person must mend."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from adapters.sdk.outbox import OutboxCounts, StoredOutbox
from adapters.sdk.tables import Tables


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An event that the hub has not taken."""

    event: str
    type: str
    sequence: int
    state: str
    """waiting (Kafka has not confirmed it), sent (no receipt yet) or rejected."""
    taken_at: int
    """Milliseconds since 1970."""
    times_sent: int
    faults: Sequence[Mapping[str, str]]
    """What is wrong with one that was rejected: code, path, rule and remedy of each."""


@dataclass(frozen=True, slots=True)
class Untranslated:
    """A native record that is not what its format says."""

    reference: str
    """The native system's own, as the adapter made it."""
    code: str
    path: str
    remedy: str
    seen_at: int
    """Milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class OutboxStanding:
    """All of it."""

    counts: OutboxCounts
    events: Sequence[Unsettled]
    """Those that wait, then those rejected; the oldest first."""
    untranslated: Sequence[Untranslated]


def outbox_standing(connection: Connection, made: Tables, *, outbox: StoredOutbox, limit: int) -> OutboxStanding:
    """What stands in an outbox; at most `limit` of those that wait, those rejected and those untranslated."""
    return OutboxStanding(
        counts=outbox.counts(connection),
        events=[
            *_events(connection, made, states=("waiting", "sent"), limit=limit),
            *_events(connection, made, states=("rejected",), limit=limit),
        ],
        untranslated=[
            Untranslated(row.reference, row.code, row.path, row.remedy, row.seen_at)
            for row in connection.execute(select(made.untranslated).order_by(made.untranslated.c.seen_at).limit(limit))
        ],
    )


def _events(connection: Connection, made: Tables, *, states: Sequence[str], limit: int) -> list[Unsettled]:
    outbox = made.outbox
    rows = connection.execute(
        select(outbox).where(outbox.c.state.in_(states)).order_by(outbox.c.taken_at, outbox.c.id).limit(limit)
    )
    return [
        Unsettled(
            event=row.event_id,
            type=row.type,
            sequence=row.sequence,
            state=row.state,
            taken_at=row.taken_at,
            times_sent=row.attempts,
            faults=json.loads(row.faults or "[]") if row.state == "rejected" else (),
        )
        for row in rows
    ]
