"""Opens the portal's database: connections that show no value in an error, and tables of this program's version."""

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapters.schools.store.migrate import migrate


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
    """Make or change what is missing; raises StoreRefused where a newer program has been here."""
    async with database.begin() as connection:
        await connection.run_sync(migrate)
