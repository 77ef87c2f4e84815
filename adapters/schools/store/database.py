"""Opens the portal's database: connections that show no value in an error, and the tables where there are none yet."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapters.schools.store.tables import SCHEMA, metadata

_LOCK = 0x5C4001
"""Two portals that start at once: one makes the tables, the other waits."""


def engine(url: str, *, connections: int = 20) -> AsyncEngine:
    """A pool of connections to `postgresql://user:password@host:port/database`."""
    _, _, place = url.partition("://")
    return create_async_engine(
        f"postgresql+psycopg://{place}",
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,  # an error would otherwise show a child's data
    )


async def make_tables(database: AsyncEngine) -> None:
    """Make what is missing."""
    async with database.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        await connection.run_sync(metadata.create_all)
