"""One process at a time works on a store: two would deliver one child's notifications side by side."""

import fcntl
import os

from sqlalchemy import Connection, Engine, text

from adapters.sdk.errors import StoreRefused


class Owner:
    """Holds a store for this process; a process that dies lets go, whatever killed it."""

    def __init__(self, engine: Engine, *, schema: str) -> None:
        self._engine = engine
        self._schema = schema
        self._file: int | None = None
        self._connection: Connection | None = None

    def take(self) -> None:
        """Raises StoreRefused where another process has it."""
        if self._engine.dialect.name == "sqlite":
            self._take_file()
        else:
            self._take_advisory_lock()

    def let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            self._connection.invalidate()  # back in the pool, the session would keep its lock
            self._connection.close()
            self._connection = None

    def _take_file(self) -> None:
        file = os.open(f"{self._engine.url.database}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise StoreRefused(_taken(str(self._engine.url.database))) from None
        self._file = file

    def _take_advisory_lock(self) -> None:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        taken = connection.execute(
            text("SELECT pg_try_advisory_lock(hashtext(:name))"), {"name": f"dolen adapter {self._schema}"}
        ).scalar_one()
        if not taken:
            connection.close()
            raise StoreRefused(_taken(f"schema {self._schema}"))
        self._connection = connection


def _taken(store: str) -> str:
    return (
        f"{store}: another process works on this store; an adapter runs once, end the other one or name another store"
    )
