"""Keeps what must survive a crash: one writer, whose callers wait for a commit that they share."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from adapters.sdk.errors import NotStored, StoreRefused
from adapters.sdk.owner import Owner
from adapters.sdk.tables import Tables, prepare, tables

T = TypeVar("T")
Item = TypeVar("Item")
Operation = Callable[[Connection], T]
"""What is done in a transaction. It may be run again after a failure of another that shared the transaction."""
OnMany = Callable[[Connection, Sequence[Item]], Sequence[T]]
"""The same for many items at once: an answer for each, in their order."""

GROUP = 256
"""The most operations in one transaction."""


class Store:
    """An adapter's own database, SQLite or PostgreSQL by its URL; use it as a context manager.

    Operations come from many tasks and run in one thread, as many in one transaction as are waiting: the price of
    forcing a commit to disk is shared. Each caller is answered after the commit.
    """

    def __init__(self, url: str, *, schema: str = "dolen", alone: bool = True) -> None:
        """`sqlite:///<path>` or `postgresql://user:password@host:port/database`, and there the schema to use.

        Whoever works through a store has it `alone`; a person's command looks at it, and changes it, beside that one.
        """
        self._url = url
        self._engine = engine_of(url)
        self.tables: Tables = tables(None if self._engine.dialect.name == "sqlite" else schema)
        self._writer = self._engine.execution_options(dolen_writes=True)
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="dolen-store", daemon=True)
        self._owner = Owner(self._engine, schema=schema) if alone else None

    def __enter__(self) -> Self:
        """Take the store for this process, and make its tables; raises StoreRefused."""
        try:
            if self._owner is not None:
                self._owner.take()
            with self._writer.begin() as connection:
                prepare(connection, self.tables)
        except (SQLAlchemyError, StoreRefused) as failure:
            self._close()
            if isinstance(failure, StoreRefused):
                raise
            raise StoreRefused(
                f"{self.where}: the store can't be opened ({_kind(failure)}); see that its directory or server is "
                "there and that this user may write"
            ) from None
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._thread.join()
        self._close()

    def _close(self) -> None:
        if self._owner is not None:
            self._owner.let_go()
        self._engine.dispose()

    @property
    def where(self) -> str:
        """The URL without its password."""
        return make_url(self._url).render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation in a transaction, and return once it is on disk; raises NotStored, or what it raised."""
        return await self.write_with(lambda connection, _: [operation(connection)], None)

    async def write_with(self, operation: OnMany[Item, T], item: Item) -> T:
        """The same for one item, done together with those of the same operation that wait next to it.

        A statement costs as much for many rows as for a few, so that a child's try among a hundred costs a hundredth.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(operation, item, loop, loop.create_future())
        self._queue.put(waiting)
        answer: T = await waiting.answer
        return answer

    async def read(self, operation: Operation[T]) -> T:
        """Run an operation that changes nothing, beside the writer."""
        return await asyncio.to_thread(self.look, operation)

    def look(self, operation: Operation[T]) -> T:
        """The same, for a caller that waits."""
        try:
            with self._engine.begin() as connection:
                return operation(connection)
        except DBAPIError as failure:
            raise _not_stored(failure) from None

    def _write_all(self) -> None:
        while (first := self._queue.get()) is not None:
            group, ended = self._group(first)
            self._commit(group)
            if ended:
                return

    def _group(self, first: "_Waiting") -> "tuple[list[_Waiting], bool]":
        group = [first]
        while len(group) < GROUP:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return group, True
            group.append(following)
        return group, False

    def _commit(self, group: "Sequence[_Waiting]") -> None:
        try:
            with self._writer.begin() as connection:
                results = [
                    result
                    for operation, waiting in groupby(group, key=lambda waiting: waiting.operation)
                    for result in operation(connection, [one.item for one in waiting])
                ]
        except Exception as failure:  # of any of them: each is tried alone, and has its own answer
            if len(group) > 1:
                for waiting in group:
                    self._commit([waiting])
                return
            reason = _not_stored(failure) if isinstance(failure, DBAPIError) else failure
            _answer(group, [partial(group[0].answer.set_exception, reason)])
        else:
            _answer(group, [partial(one.answer.set_result, result) for one, result in zip(group, results, strict=True)])


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    operation: OnMany[Any, Any]
    item: Any
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Any]"


def _answer(group: "Sequence[_Waiting]", answers: "Sequence[Callable[[], None]]") -> None:
    """Wake those who wait, all of one loop at once: to wake a loop costs a system call."""
    for loop, of_loop in groupby(zip(group, answers, strict=True), key=lambda pair: pair[0].loop):
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_answer_here, list(of_loop))


def _answer_here(pairs: "Sequence[tuple[_Waiting, Callable[[], None]]]") -> None:
    for waiting, answer in pairs:
        if not waiting.answer.done():  # it may have been cancelled meanwhile
            answer()


def engine_of(url: str) -> Engine:
    """SQLAlchemy's engine for a store; its errors never show a parameter, which would be a payload."""
    try:
        parsed = make_url(url)
    except SQLAlchemyError:
        raise StoreRefused(_FORM) from None
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise StoreRefused(f"{_FORM}; a store in memory would lose what it was given")
        _private(Path(str(parsed.database)))
        engine = create_engine(parsed, hide_parameters=True)
        event.listen(engine, "connect", as_edge_default)
        event.listen(engine, "begin", _begin)
        return engine
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), hide_parameters=True, pool_pre_ping=True)
    raise StoreRefused(_FORM)


_FORM = "a store is `sqlite:////absolute/path.db` or `postgresql://user:password@host:port/database`"


def _private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600, exist_ok=True)


def as_edge_default(connection: Any, _record: object = None) -> None:
    """SQLite's settings on a connection: what is committed is on disk, and nothing of a child is left in free pages."""
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where the driver guesses
    for setting in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "busy_timeout = 10000",
        "secure_delete = ON",  # a child's data is not left behind in free pages
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and then writes would fail, not wait, where another process wrote in between.
    writes = connection.get_execution_options().get("dolen_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _not_stored(failure: DBAPIError) -> NotStored:
    return NotStored(
        f"the store did not take it ({_kind(failure)}); nothing of it is kept: see that the disk has room and the "
        "database can be reached, then give it again"
    )


def _kind(failure: SQLAlchemyError) -> str:
    origin = failure.orig if isinstance(failure, DBAPIError) else None
    name = getattr(origin, "sqlite_errorname", None) or getattr(origin, "sqlstate", None)
    return str(name or type(origin or failure).__name__)
