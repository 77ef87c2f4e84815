"""The bare store write: the same bytes into one table of the same store, and nothing else."""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Column, Engine, Integer, LargeBinary, MetaData, Table, insert
from sqlalchemy.schema import DropSchema

from adapters.sdk.store import GROUP, engine_of
from hub.bench.edges.agency import Place


@contextmanager
def bare_store(place: Place) -> Iterator["BareStore"]:
    """A table of its own, which goes away afterwards."""
    engine = engine_of(place.url).execution_options(dolen_writes=True)
    table = Table(
        f"bare_{secrets.token_hex(4)}",
        MetaData(schema=None if place.name == "sqlite" else place.schema),
        Column("id", Integer, primary_key=True),
        Column("value", LargeBinary, nullable=False),
    )
    table.create(engine)
    try:
        yield BareStore(engine, table)
    finally:
        table.drop(engine)
        engine.dispose()


class BareStore:
    """What the store can do at best."""

    def __init__(self, engine: Engine, table: Table) -> None:
        self._engine = engine
        self._insert = insert(table)

    def per_s(self, values: Sequence[bytes]) -> float:
        """Rows a second, as many in each transaction as an adapter has at most."""
        began = time.perf_counter()
        for at in range(0, len(values), GROUP):
            self._write(values[at : at + GROUP])
        return len(values) / (time.perf_counter() - began)

    def milliseconds(self, values: Sequence[bytes], *, rate: float) -> list[float]:
        """How long one row in a transaction of its own takes, at so many a second."""
        took, began = [], time.perf_counter()
        for tick, value in enumerate(values):
            time.sleep(max(0.0, began + tick / rate - time.perf_counter()))
            before = time.perf_counter()
            self._write([value])
            took.append((time.perf_counter() - before) * 1000)
        return took

    def _write(self, values: Sequence[bytes]) -> None:
        with self._engine.begin() as connection:
            connection.execute(self._insert, [{"value": value} for value in values])


def drop_schemas(place: Place) -> None:
    """Leave nothing of a measurement in PostgreSQL."""
    if place.name == "sqlite":
        return
    engine = engine_of(place.url)
    with engine.begin() as connection:
        for schema in (place.schema, place.beside.schema):
            connection.execute(DropSchema(schema, cascade=True, if_exists=True))
    engine.dispose()
