"""A store of each test's own, on SQLite; the connected tests run the same tests on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sdk.store import Store
from tests.adapter_parts import Parts, made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path}/adapter.db") as store:
        yield store


@pytest.fixture
def parts(store: Store) -> Parts:
    return made(store)
