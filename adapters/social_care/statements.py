"""Every statement that the adapter makes in the case system's database, as the driver is given it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

SCHEMA_VERSION = 1
"""Of `sql/install.sql`."""

Status = Literal["taken", "untranslatable", "accepted", "rejected"]
BEFORE: Mapping[Status, list[str]] = {
    "taken": ["waiting"],
    "untranslatable": ["waiting"],
    "rejected": ["taken"],
    "accepted": ["taken", "rejected"],
}
"""From which statuses a row comes to each: the hub's people may send on what the hub rejected."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that waits for the adapter."""

    id: int
    content: bytes
    """In JSON, as `native.read` takes it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a row."""

    id: int
    status: Status
    event_id: str | None = None
    faults: str | None = None
    """JSON: a list of code, path and remedy."""


def schema_version(connection: Connection) -> int:
    """Of the installed schema."""
    return int(connection.exec_driver_sql("SELECT max(version) FROM dolen.installed").scalar_one())


def server_identity(connection: Connection) -> tuple[Any, ...]:
    """What tells whether two connections lead to one database."""
    row = connection.exec_driver_sql(
        "SELECT pg_postmaster_start_time()::text, current_setting('port'), current_database()::text"
    ).one()
    return tuple(row)


def keep_kinds(connection: Connection, kinds: Sequence[str]) -> None:
    """Let `dolen.send` take the kinds of the mapping file and no others."""
    connection.exec_driver_sql("DELETE FROM dolen.kinds WHERE kind <> ALL (%(kinds)s)", {"kinds": list(kinds)})
    connection.exec_driver_sql(
        "INSERT INTO dolen.kinds (kind) SELECT unnest(%(kinds)s::text[]) ON CONFLICT DO NOTHING",
        {"kinds": list(kinds)},
    )


def waiting(connection: Connection, *, rows: int) -> list[Waiting]:
    """The oldest rows of people about whom nobody is sending at this moment, each person's in order.

    Needs the isolation level READ COMMITTED: the second statement has to see what was committed before the first one
    got its locks. They are held until the transaction ends.
    """
    connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
    lines = connection.exec_driver_sql(
        """
        SELECT line FROM (
            SELECT line FROM dolen.outgoing WHERE status = 'waiting' GROUP BY line ORDER BY min(id) LIMIT %(lines)s
        ) AS oldest
        WHERE pg_try_advisory_xact_lock(dolen.lock_of(line))
        """,
        {"lines": rows},
    )
    found = connection.exec_driver_sql(
        """
        SELECT id, json_build_object(
            'kind', kind, 'record_id', record_id, 'record_version', record_version, 'person_id', person_id,
            'case_id', case_id, 'hub_subject', hub_subject, 'hub_episode', hub_episode,
            'happened_at', to_char(happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'document', document
        )::text AS content
        FROM dolen.outgoing WHERE status = 'waiting' AND line = ANY (%(lines)s)
        ORDER BY id LIMIT %(rows)s FOR UPDATE
        """,
        {"lines": [row.line for row in lines], "rows": rows},
    )
    return [Waiting(row.id, row.content.encode()) for row in found]


def mark(connection: Connection, marks: Iterable[Mark]) -> None:
    """Write what became of rows; one that has gone further already stays there."""
    parameters = [
        {
            "id": each.id,
            "status": each.status,
            "event_id": each.event_id,
            "faults": each.faults,
            "before": BEFORE[each.status],
        }
        for each in marks
    ]
    if parameters:
        connection.exec_driver_sql(
            """
            UPDATE dolen.outgoing SET status = %(status)s, status_at = clock_timestamp(),
                event_id = coalesce(%(event_id)s::uuid, event_id), faults = %(faults)s::jsonb
            WHERE id = %(id)s AND status = ANY (%(before)s)
            """,
            parameters,
        )


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A row of which the hub may say more."""

    id: int
    kind: str
    event_id: str
    status: str


def unanswered(connection: Connection, *, after: int, rows: int) -> list[Unanswered]:
    """Rows that are on their way, and those that the hub rejected and may yet accept, from a number on."""
    found = connection.exec_driver_sql(
        "SELECT id, kind, event_id::text AS event_id, status FROM dolen.outgoing "
        "WHERE status IN ('taken', 'rejected') AND id > %(after)s ORDER BY id LIMIT %(rows)s",
        {"after": after, "rows": rows},
    )
    return [Unanswered(row.id, row.kind, row.event_id, row.status) for row in found]


def add_incoming(connection: Connection, columns: Mapping[str, Any]) -> None:
    """Give the case system a notification; a repeat changes nothing."""
    added = connection.exec_driver_sql(
        """
        INSERT INTO dolen.incoming (delivery_id, kind, sender, person_id, outgoing_id, happened_at, document,
            earlier_missing, hub_event, hub_event_type, hub_sender, hub_subject, hub_episode)
        VALUES (%(delivery_id)s, %(kind)s, %(sender)s,
            coalesce(%(person_id)s::text, (
                SELECT person_id FROM dolen.matches
                WHERE hub_sender = %(hub_sender)s AND hub_subject = %(hub_subject)s::uuid)),
            (SELECT id FROM dolen.outgoing WHERE event_id = %(answers)s::uuid),
            %(happened_at)s, %(document)s::jsonb, %(earlier_missing)s, %(hub_event)s, %(hub_event_type)s,
            %(hub_sender)s, %(hub_subject)s, %(hub_episode)s)
        ON CONFLICT (delivery_id) DO NOTHING
        """,
        dict(columns),
    )
    if added.rowcount:
        connection.exec_driver_sql("SELECT pg_notify('dolen_incoming', '')")
