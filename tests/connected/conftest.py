"""A rig for each test: a hub of its own on the session's servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig import Rig
from tests.servers import Servers


@pytest.fixture
def rig(servers: Servers, tmp_path: Path) -> Iterator[Rig]:
    """Topics, users and state of this test alone; its workers and topics go with it."""
    rig = Rig(servers.state_dir, tmp_path / "rig")
    yield rig
    rig.close()
