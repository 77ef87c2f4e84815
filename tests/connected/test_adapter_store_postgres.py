"""The store's tests once more, on real PostgreSQL: what holds at the edge holds where an agency has a server."""

import asyncio
import secrets
from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import Connection, text

from adapters.sdk.errors import StoreRefused
from adapters.sdk.store import Store, engine_of
from adapters.sdk.tables import VERSION, Tables
from tests.adapter_parts import Parts, draft, made
from tests.servers import Servers
from tests.unit.adapters_sdk.test_sdk_clearing import *  # noqa: F403 - the same tests
from tests.unit.adapters_sdk.test_sdk_inbox import *  # noqa: F403
from tests.unit.adapters_sdk.test_sdk_outbox import *  # noqa: F403

pytestmark = pytest.mark.connected


@pytest.fixture
def schema(servers: Servers) -> Iterator[str]:
    name = f"t{secrets.token_hex(4)}"
    yield name
    engine = engine_of(servers.endpoints.database_url)
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
    engine.dispose()


@pytest.fixture
def store(servers: Servers, schema: str) -> Iterator[Store]:
    with Store(servers.endpoints.database_url, schema=schema) as store:
        yield store


@pytest.fixture
def parts(store: Store) -> Parts:
    return made(store)


def test_a_second_process_is_refused_until_the_first_has_let_go(servers: Servers, schema: str) -> None:
    url = servers.endpoints.database_url
    with Store(url, schema=schema), pytest.raises(StoreRefused, match="another process"):
        Store(url, schema=schema).__enter__()
    with Store(url, schema=schema):
        pass


def test_a_store_of_the_version_before_is_brought_up(servers: Servers, schema: str) -> None:
    url = servers.endpoints.database_url
    with Store(url, schema=schema) as store:
        asyncio.run(made(store).outbox.put(draft()))
        asyncio.run(store.write(partial(_back_to_version_2, tables=store.tables)))
    with Store(url, schema=schema) as store:
        parts = made(store)
        mended = store.look(lambda connection: connection.execute(store.tables.outbox.select()).one().mended_at)
        assert mended is None
        assert asyncio.run(parts.outbox.put(draft())).again
        version = store.look(lambda connection: connection.execute(store.tables.version.select()).scalar_one())
        assert version == VERSION


def _back_to_version_2(connection: Connection, tables: Tables) -> None:
    for table in (tables.inbox, tables.outbox, tables.untranslated):
        next(index for index in table.indexes if str(index.name).endswith("_kept")).drop(connection)
    connection.execute(text(f"ALTER TABLE {tables.outbox.fullname} DROP COLUMN mended_at"))
    connection.execute(tables.version.update().values(number=2))
