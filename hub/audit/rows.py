"""Tables of an audit in a file that is gone when the audit ends: it grows with what is put in, memory doesn't.

The file has no name once it is open, so that a killed audit leaves nothing behind.
"""

import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CACHE_KIB = 32 * 1024
AT_ONCE = 2000


class Rows:
    """Tables of one schema, and the numbers that stand for topics in them."""

    def __init__(self, schema: str, folder: Path | None) -> None:
        """`folder` is where the file lies; the system's folder for temporary files if not given."""
        with tempfile.TemporaryDirectory(prefix="dolen-audit-", dir=folder) as place:
            self._db = sqlite3.connect(Path(place) / "spool", isolation_level=None)
            for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{CACHE_KIB}", "temp_store=FILE"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.execute("BEGIN")
            self._db.executescript(schema + "BEGIN;")
        self._waiting: dict[str, list[Sequence[Any]]] = {}
        self._topics: dict[str, int] = {}
        self._names: list[str] = []

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    def topic(self, name: str) -> int:
        """The number that stands for a topic."""
        if name not in self._topics:
            self._topics[name] = len(self._names)
            self._names.append(name)
        return self._topics[name]

    def name(self, topic: int) -> str:
        """The topic that a number stands for."""
        return self._names[topic]

    def put(self, table: str, row: Sequence[Any]) -> None:
        """Add a row; rows are written many at once."""
        waiting = self._waiting.setdefault(table, [])
        waiting.append(row)
        if len(waiting) >= AT_ONCE:
            self._write(table)

    def _flush(self) -> None:
        for table in list(self._waiting):
            self._write(table)

    def _write(self, table: str) -> None:
        rows = self._waiting.pop(table)
        if rows:
            marks = ",".join("?" * len(rows[0]))
            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - a name of ours
