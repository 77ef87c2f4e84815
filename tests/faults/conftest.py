"""A hub of each test's own on the session's servers, with proxies that it can be put behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.ground import Ground
from tests.rig import rig
from tests.servers import Servers

__all__ = ["ground", "rig"]


@pytest.fixture
def ground(servers: Servers, tmp_path: Path) -> Iterator[Ground]:
    """Topics, users, policy and state of this test alone."""
    made = Ground(servers.state_dir, tmp_path / "ground")
    yield made
    made.close()
