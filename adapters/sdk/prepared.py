"""A statement for many rows, made into SQL once: SQLAlchemy takes as long to bind a row as a database to write it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Update


class Prepared:
    """An INSERT or UPDATE that gives no rows back; its values are what both drivers take as they are."""

    def __init__(self, statement: Insert | Update, columns: Sequence[str] = ()) -> None:
        """`columns`: those that an INSERT fills; an UPDATE names its own parameters."""
        self._statement = statement
        self._columns = columns or None
        self._sql = ""
        self._constants: dict[str, Any] = {}
        self._order: Sequence[str] | None = None

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Once for each row, by its parameters' names."""
        if not rows:
            return
        if not self._sql:
            self._make(connection)
        given: Any = [{**self._constants, **row} for row in rows]
        if self._order is not None:  # SQLite's driver counts, psycopg knows names
            given = [tuple(row[name] for name in self._order) for row in given]
        connection.exec_driver_sql(self._sql, given)

    def _make(self, connection: Connection) -> None:
        made: Any = self._statement.compile(dialect=connection.dialect, column_keys=self._columns)
        self._constants = {name: bind.value for name, bind in made.binds.items() if not bind.required}
        self._order = made.positiontup
        self._sql = str(made)
