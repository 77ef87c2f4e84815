"""Fills a database of its own with invented notifications, as the projector would have written them; ids, no names."""

import contextlib
import random
import secrets
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, Table, make_url, text

from contracts.registry import REGISTRY
from hub.errors import StartRefused
from hub.settings import DatabaseSettings, Settings
from hub.store.database import connect, writing
from hub.store.migrate import migrate
from hub.store.months import make_months, month_of
from hub.store.tables import decisions, grounds, records

TOLD = 3
"""Notifications of one event."""
EVENTS_A_CHILD = 10
LANES = 6
MONTHS = 13
BLOCK = 20_000
"""Events written by one COPY."""
_GROUNDS = 7
_MONTH_MS = 30 * 86_400_000
_REFUSED = 0.02

_RECORD = [
    "lane", "position", "at_ms", "written_ms", "number", "hash", "chain_holds", "topic", "record_offset", "outcome",
    "source", "event_id", "type", "subject", "correlation_id", "sequence", "size", "told", "not_told", "trace_id",
    "span", "worker", "read_ms", "decided_ms", "policy", "directory", "network",
]  # fmt: skip
_DECISION = [
    "lane", "position", "at_ms", "ordinal", "recipient", "told", "grounds", "type", "topic", "delivery",
    "source", "delivered_ms", "opened_ms",
]  # fmt: skip

Say = Callable[[str], None]
Row = tuple[object, ...]


@contextlib.contextmanager
def own_database(settings: Settings) -> Iterator[Settings]:
    """Settings of a new database beside the one that they name; it is gone afterwards."""
    if settings.database.url is None:
        raise StartRefused("no database is named: run `dolen up`, or set DOLEN_DATABASE__URL")
    server = make_url(settings.database.url.get_secret_value()).difference_update_query(["options"])
    name = sql.Identifier(f"dolen_bench_{secrets.token_hex(4)}")
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as administrator:
        administrator.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            own = server.set(database=name.as_string(administrator).strip('"')).render_as_string(hide_password=False)
            yield settings.model_copy(update={"database": DatabaseSettings.model_validate({"url": own})})
        finally:
            administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


class Seldom(NamedTuple):
    """Parties about whom there is little to find among all the others' notifications, so that one looks longest."""

    silent: str
    """Sends nothing."""
    opener: str
    """Has opened all that it was told."""
    stranger: str
    """Sends, but nothing to `opener`."""


def seldom(parties: Sequence[str]) -> Seldom:
    """Which of the parties those are."""
    return Seldom(silent=parties[0], opener=parties[1], stranger=parties[2])


def fill(settings: Settings, notifications: int, *, parties: Sequence[str], now_ms: int, seed: int, say: Say) -> None:
    """Write so many notifications, spread over the last thirteen months, the newest just before `now_ms`."""
    engine = connect(settings, limited=False)
    try:
        with writing(engine) as connection:
            migrate(connection)
            first_ms = now_ms - MONTHS * _MONTH_MS
            days = range(first_ms, now_ms + 86_400_000, 86_400_000)
            make_months(connection, {month_of(day) for day in days})
            _without_indexes(connection)
        events = max(1, notifications // TOLD)
        made = _Made(parties, first_ms=first_ms, step=(now_ms - first_ms) / events, seed=seed)
        for start in range(0, events, BLOCK):
            say(f"writing notifications: {start * TOLD:,} of {notifications:,}")
            with writing(engine) as connection:
                made.write(connection, range(start, min(start + BLOCK, events)))
        _indexed(engine, say)
    finally:
        engine.dispose()


class _Made:
    """Rows of invented events, in the order of time."""

    def __init__(self, parties: Sequence[str], *, first_ms: int, step: float, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a load, not a secret
        self._first_ms, self._step = first_ms, step
        self._seldom = seldom(parties)
        self._senders = [party for party in parties if party != self._seldom.silent]
        self._hearers = {sender: [party for party in parties if self._may_hear(party, sender)] for sender in parties}
        self._types = sorted(name for name, kind in REGISTRY.items() if kind.publishers)
        self._children: list[tuple[str, str]] = []

    def write(self, connection: Connection, numbers: range) -> None:
        """Copy some events and their decisions."""
        rows: list[Row] = []
        told: list[Row] = []
        for number in numbers:
            record, of_it = self._event(number)
            rows.append(record)
            told += of_it
        if numbers.start == 0:
            values = [
                {
                    "id": each,
                    "relation": "bench",
                    "rule": f"bench#{each}",
                    "basis": "",
                    "agreement": "",
                    "view": "",
                    "reason": "entitled",
                }
                for each in range(_GROUNDS)
            ]
            connection.execute(grounds.insert(), values)
        _copy(connection, records, _RECORD, rows)
        _copy(connection, decisions, _DECISION, told)

    def _event(self, number: int) -> tuple[Row, list[Row]]:
        pick = self._random
        at_ms = int(self._first_ms + number * self._step)
        lane, position = number % LANES, number // LANES
        child, episode = self._child(number)
        kind, refused = pick.choice(self._types), pick.random() < _REFUSED
        source = pick.choice(self._senders)
        recipients = pick.sample(self._hearers[source], TOLD)
        outcome = "rejected" if refused else "accepted"
        record = (
            lane, position, at_ms, at_ms + 3, position + 1, "\\x00", True, "referrals.v1", position, outcome,
            source, self._id(), kind, child, episode, number % EVENTS_A_CHILD + 1, 1200, 0 if refused else TOLD, 0,
            self._id(), "0" * 16, "bench", at_ms + 1, at_ms + 2, "bench", "bench", "bench",
        )  # fmt: skip
        told: list[Row] = [
            (lane, position, at_ms, ordinal, party, True, number % _GROUNDS, kind, "to", self._id(), source, at_ms + 40,
             at_ms + 900_000 if party == self._seldom.opener or pick.random() < 0.9 else None)
            for ordinal, party in enumerate(recipients)
        ]  # fmt: skip
        return record, [] if refused else told

    def _may_hear(self, party: str, sender: str) -> bool:
        return party != sender and (party, sender) != (self._seldom.opener, self._seldom.stranger)

    def _child(self, number: int) -> tuple[str, str]:
        """A child and its episode: ten events each, not one after the other."""
        if number % EVENTS_A_CHILD == 0:
            self._children.append((self._id(), self._id()))
            del self._children[:-200]
        return self._random.choice(self._children)

    def _id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def _copy(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _without_indexes(connection: Connection) -> None:
    """Indexes are made once all is there: a tenth of the time."""
    for table in (records, decisions):
        for index in table.indexes:
            index.drop(connection)


def _indexed(engine: Engine, say: Say) -> None:
    for table in (records, decisions):
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            say(f"making index {index.name}")
            with writing(engine) as connection:
                index.create(connection)
    say("gathering statistics")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) records, decisions"))
