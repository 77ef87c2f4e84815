"""A PostgreSQL schema of a test's own on the session's server."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url

from hub.settings import DatabaseSettings, Settings, load_settings
from hub.store.database import connect, writing
from hub.store.migrate import migrate
from tests.servers import Servers


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """A database URL whose tables nobody else sees; they go with the test."""
    schema = f"t{secrets.token_hex(4)}"
    url = make_url(servers.endpoints.database_url)
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    yield url.update_query_dict({"options": f"-c search_path={schema}"}).render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    engine.dispose()


@pytest.fixture
def database_settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings that name it, and no other server."""
    return load_settings(state_dir=tmp_path, database=DatabaseSettings.model_validate({"url": database_url}))


@pytest.fixture
def engine(database_settings: Settings) -> Iterator[Engine]:
    """The database with its tables."""
    made = connect(database_settings)
    with writing(made) as connection:
        migrate(connection)
    yield made
    made.dispose()
