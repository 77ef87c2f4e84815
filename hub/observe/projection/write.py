"""Writes a batch in one transaction with the positions that it was read from: all of it once, or nothing."""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from psycopg import Connection as Psycopg
from psycopg import Cursor, sql
from sqlalchemy import Connection, Table, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from hub.errors import DolenError
from hub.observe.projection.answered import settle_answers
from hub.observe.projection.batch import Batch, Head, Row
from hub.offsets import Place
from hub.store.months import Month, make_months, month_of
from hub.store.tables import (
    OWN,
    accesses,
    decisions,
    flow,
    grounds,
    heartbeats,
    letters,
    oddities,
    policies,
    positions,
    records,
    senders,
    tallies,
)

_WITHOUT_ANSWERS = [column.name for column in decisions.columns][:12]
_ALL = {table: [column.name for column in table.columns] for table in (records, letters, accesses)}


class Overtaken(DolenError):
    """Another projector has read on from where this one stood, or the tables were emptied: read the positions again."""


def read_heads(connection: Connection) -> dict[Place, Head]:
    """How far every partition is read."""
    rows = connection.execute(select(positions))
    return {
        (row.topic, row.lane): Head(
            next_offset=row.next_offset,
            taken=row.taken,
            turned_away=row.turned_away,
            turned_away_ms=row.turned_away_ms,
            number=row.number,
            hash=row.hash.hex(),
            last_ms=row.last_ms,
        )
        for row in rows
    }


def write(connection: Connection, batch: Batch, *, made: set[Month], kept_from: Month) -> None:
    """Write within the connection's transaction; raises `Overtaken` where the positions are not those of `batch`.

    `made` are months that have their partitions; those that the batch needs are added. Rows of months before
    `kept_from` are past their time: they are counted as read, and not kept.
    """
    _move(connection, batch)
    old = {time for time in batch.times if month_of(time) < kept_from}
    _make_months(connection, batch.times - old, made)
    if old:
        _forget(batch, kept_from.start_ms)
    _insert_new(connection, grounds, batch.grounds.values())
    with _psycopg(connection).cursor() as cursor:
        _copy(cursor, records, _ALL[records], batch.records)
        _copy(cursor, decisions, _WITHOUT_ANSWERS, batch.decisions)
        _copy(cursor, letters, _ALL[letters], batch.letters)
        _copy(cursor, accesses, _ALL[accesses], batch.accesses)
    settle_answers(connection, batch)
    _insert_new(connection, oddities, batch.oddities)
    _add_up(connection, batch)
    _beats(connection, batch.heartbeats.values())


def _move(connection: Connection, batch: Batch) -> None:
    """Set the positions first: a second projector waits here for the first one's end, and then finds itself behind."""
    for (topic, lane), head in sorted(batch.heads.items()):
        before = batch.before.get((topic, lane))
        values = asdict(head) | {"hash": bytes.fromhex(head.hash)}
        moved = _first(topic, lane, values) if before is None else _on(topic, lane, before, values)
        if connection.execute(moved).first() is None:
            raise Overtaken(f"{topic}/{lane} is no longer read up to {before.next_offset if before else 'nothing'}")


def _first(topic: str, lane: int, values: dict[str, Any]) -> ReturningInsert[Any]:
    started = insert(positions).values(topic=topic, lane=lane, **values)
    return started.on_conflict_do_nothing().returning(positions.c.lane)


def _on(topic: str, lane: int, before: Head, values: dict[str, Any]) -> ReturningUpdate[Any]:
    here = (positions.c.topic == topic, positions.c.lane == lane)
    as_read = (positions.c.next_offset == before.next_offset, positions.c.taken == before.taken)
    return positions.update().where(*here, *as_read).values(**values).returning(positions.c.lane)


def _make_months(connection: Connection, times: Iterable[int], made: set[Month]) -> None:
    missing = {month_of(time) for time in times} - made
    if missing:
        make_months(connection, missing)
        made |= missing


def _forget(batch: Batch, start_ms: int) -> None:
    """Drop what is past its time, as the partitions of its months are."""
    batch.records = [row for row in batch.records if row[2] >= start_ms]  # type: ignore[operator]
    batch.decisions = [row for row in batch.decisions if row[2] >= start_ms]  # type: ignore[operator]
    batch.letters = [row for row in batch.letters if row[2] >= start_ms]  # type: ignore[operator]
    batch.accesses = [row for row in batch.accesses if row[2] >= start_ms]  # type: ignore[operator]
    batch.answers = [answer for answer in batch.answers if answer.arrived_ms >= start_ms]
    for minute in [key for key in batch.flow if key[0] < start_ms]:
        del batch.flow[minute]
    for day in [key for key in batch.tallies if key.day_ms < start_ms]:
        del batch.tallies[day]


def _copy(cursor: Cursor[Any], table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    if not rows:
        return
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _insert_new(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Insert what is not there yet."""
    names = [column.name for column in table.columns]
    values = [dict(zip(names, row, strict=True)) for row in rows]
    if values:
        connection.execute(insert(table).on_conflict_do_nothing(), values)


def _add_up(connection: Connection, batch: Batch) -> None:
    _add(
        connection,
        flow,
        [
            {
                "minute_ms": minute,
                "family": family,
                "outcome": outcome,
                "events": sums[0],
                "told": sums[1],
                "not_told": sums[2],
            }
            for (minute, family, outcome), sums in batch.flow.items()
        ],
    )
    _add(connection, tallies, [key._asdict() | asdict(tally) for key, tally in batch.tallies.items()])
    _add(
        connection,
        senders,
        [
            {"agency": agency, "family": family, "outcome": outcome, "events": sums[0], "last_ms": sums[1]}
            for (agency, family, outcome), sums in batch.senders.items()
        ],
    )
    _add(connection, policies, [{"version": version} | asdict(sums) for version, sums in batch.policies.items()])


def _add(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Add to the sums that are there; times are not added, the first and the latest count."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    statement = insert(table)
    joined: dict[str, Callable[[Any, Any], Any]] = {
        "first_ms": lambda old, new: func.least(old, new),
        "last_ms": lambda old, new: func.greatest(old, new),
    }
    added = {
        column.name: joined.get(column.name, operator.add)(column, statement.excluded[column.name])
        for column in table.columns
        if column.name not in keys
    }
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=added), sorted(rows, key=str))


def _beats(connection: Connection, beats: Iterable[dict[str, object]]) -> None:
    values = list(beats)
    if not values:
        return
    statement = insert(heartbeats)
    newer = {column.name: statement.excluded[column.name] for column in heartbeats.columns}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["agency", "adapter"],
            set_=newer,
            where=heartbeats.c.received_ms <= statement.excluded.received_ms,
        ),
        values,
    )


def empty(connection: Connection) -> None:
    """Forget all that the topics can give back; heartbeats are kept there for a day alone, and so stay.

    What is exported as traces stays exported, what operators did stays done, and the console's own tables are kept.
    """
    kept = {heartbeats.name, *(table.name for table in OWN)}
    names = ", ".join(table.name for table in records.metadata.sorted_tables if table.name not in kept)
    connection.execute(text(f"TRUNCATE {names}"))
    connection.execute(delete(positions))


def _psycopg(connection: Connection) -> Psycopg[Any]:
    found = connection.connection.driver_connection
    assert isinstance(found, Psycopg)  # noqa: S101 - the engine's driver
    return found
