"""Decides which month keeps a row: makes the partitions that rows need, and drops those past their time."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from hub.store.tables import PARTITIONED

_STORAGE = {"decisions": " WITH (fillfactor = 80)"}
"""Room on each page for the times that answers bring later, so that those rows are written in place."""


class Month(NamedTuple):
    """A calendar month in UTC."""

    year: int
    month: int

    @property
    def start_ms(self) -> int:
        """Its first moment, milliseconds since 1970."""
        return int(datetime(self.year, self.month, 1, tzinfo=UTC).timestamp() * 1000)

    def later(self, months: int) -> "Month":
        """The month so many after this one, or before it."""
        years, month = divmod(self.month - 1 + months, 12)
        return Month(self.year + years, month + 1)


def month_of(time_ms: int) -> Month:
    """The month of a moment."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return Month(moment.year, moment.month)


def make_months(connection: Connection, months: Iterable[Month]) -> None:
    """Make what is missing of the partitions of these months."""
    for month in sorted(set(months)):
        for table in PARTITIONED:
            connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {_name(table, month)} PARTITION OF {table} "
                    f"FOR VALUES FROM ({month.start_ms}) TO ({month.later(1).start_ms}){_STORAGE.get(table, '')}"
                )
            )


def months_made(connection: Connection) -> set[Month]:
    """The months that all tables have partitions of."""
    found = connection.execute(
        text(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
            "WHERE inhparent = CAST(:table AS regclass)"
        ),
        {"table": PARTITIONED[-1]},
    ).scalars()
    return {Month(*map(int, name.split("_")[-2:])) for name in found}


def drop_before(connection: Connection, month: Month) -> list[Month]:
    """Drop what is older than a month, sums as well; which months those were."""
    old = sorted(made for made in months_made(connection) if made < month)
    for gone in old:
        for table in PARTITIONED:
            connection.execute(text(f"DROP TABLE IF EXISTS {_name(table, gone)}"))
    for table, column in (("flow", "minute_ms"), ("tallies", "day_ms"), ("early_answers", "arrived_ms")):
        connection.execute(text(f"DELETE FROM {table} WHERE {column} < :start"), {"start": month.start_ms})  # noqa: S608 - our own names
    return old


def _name(table: str, month: Month) -> str:
    return f"{table}_{month.year:04}_{month.month:02}"
