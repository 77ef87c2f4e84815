"""The portal's tables are those of this program, whatever they were when it started, and hold what they held."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.schools.store.database import make_tables
from adapters.schools.store.migrate import version
from adapters.schools.store.migrations.versions import r0001_first_tables
from adapters.schools.store.tables import SCHEMA, metadata
from adapters.sdk.errors import StoreRefused
from tests.schools_ground import Ground, ground
from tests.servers import Servers

pytestmark = pytest.mark.connected


@pytest.fixture
def bare(servers: Servers, tmp_path: Path) -> Iterator[Ground]:
    """A database without tables."""
    with ground(servers.endpoints.database_url, tmp_path, tables=False) as made:
        yield made


def differences(bare: Ground) -> list[object]:
    def compared(connection: Connection) -> list[object]:
        def ours(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
            return not (kind == "table" and name == "alembic_version")

        opts = {
            "compare_type": True,
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
            "include_object": ours,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=opts), metadata))

    return bare.run(lambda connection: connection.run_sync(compared))


def test_from_nothing_the_declared_tables_are_made(bare: Ground) -> None:
    bare.run_with(make_tables)
    assert differences(bare) == []


def test_a_portal_of_before_there_were_versions_is_brought_up_to_date_and_keeps_what_it_holds(bare: Ground) -> None:
    async def as_it_was(connection: AsyncConnection) -> None:
        await connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        for statement in filter(str.strip, r0001_first_tables._TABLES.split(";")):
            await connection.execute(text(statement))
        await connection.execute(
            text("INSERT INTO schools.people (id, subject, name, created_at) VALUES ('1', 'dsp', 'Sam', now())")
        )

    bare.run(as_it_was)
    bare.run_with(make_tables)
    assert differences(bare) == []
    assert [row.name for row in bare.rows("SELECT name FROM schools.people")] == ["Sam"]


def test_portals_that_start_at_once_make_the_tables_once(bare: Ground) -> None:
    async def at_once(database: AsyncEngine) -> None:
        await asyncio.gather(*(make_tables(database) for _ in range(4)))

    bare.run_with(at_once)
    assert bare.run(lambda connection: connection.run_sync(version)) is not None


def test_tables_of_a_newer_program_are_left_alone(bare: Ground) -> None:
    bare.run_with(make_tables)
    bare.rows("UPDATE schools.alembic_version SET version_num = '9999' RETURNING 1")
    with pytest.raises(StoreRefused, match="newer than this program"):
        bare.run_with(make_tables)
    assert [row.version_num for row in bare.rows("SELECT version_num FROM schools.alembic_version")] == ["9999"]
