"""What `deploy/demo` runs, with fewer events in the background: the whole story, by the adapters, and its check."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance


def test_the_story_is_played_to_its_end_and_every_number_is_right(tmp_path: Path):
    state = tmp_path / "demo"
    command = [sys.executable, "-m", "hub", "demo", "--events", "200", "--joined", "40", "--state", str(state)]
    done = subprocess.run(command, env=os.environ | {"LANG": "C"}, capture_output=True, text=True, timeout=420)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Every number is right." in done.stdout
    assert not state.exists(), "what was kept is cleaned up with the rest"
