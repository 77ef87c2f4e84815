"""What `deploy/demo` runs, with fewer events in the background: the whole story, by the adapters, and its check."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.demo.far.agencies import FITZALANS, TREGANNAS
from tests.schools_ground import Browser

pytestmark = pytest.mark.acceptance


def demo(state: Path, *options: str) -> str:
    """Run it; gives what it printed."""
    command = [sys.executable, "-m", "hub", "demo", "--events", "200", "--joined", "40", "--state", str(state)]
    environment = os.environ | {"LANG": "C"}
    done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, timeout=420)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Every number is right." in done.stdout
    return done.stdout


def test_the_story_is_played_to_its_end_and_every_number_is_right(tmp_path: Path):
    state = tmp_path / "demo"
    demo(state)
    assert not state.exists(), "what was kept is cleaned up with the rest"


@pytest.mark.long
def test_a_kept_demo_ends_with_two_schools_inboxes_that_can_be_opened_in_their_languages(tmp_path: Path):
    state = tmp_path / "demo"
    printed = demo(state, "--keep")
    try:
        links = re.findall(r"(http://127\.0\.0\.1:\d+)(/(cy|en)/schools/\d{7})", printed)
        assert [language for _, _, language in links] == ["cy", "en"]
        for (address, inbox, language), subject in zip(links, (TREGANNAS, FITZALANS), strict=True):
            with Browser.signed_in(address, subject) as browser:
                page = browser.get(inbox).text
                assert f'<html lang="{language}"' in page
                notice = re.search(rf'<li class="notice.*?href="(/{language}/notices/[0-9a-f]{{32}})"', page, re.DOTALL)
                assert notice is not None
                assert browser.get(notice[1]).status_code == 200
    finally:
        for pid in re.findall(r"\d+", printed.partition("\n  kill ")[2].partition(";")[0]):
            os.kill(int(pid), signal.SIGTERM)
        subprocess.run([sys.executable, "-m", "hub", "down", "--wipe", "--state", str(state)], check=True)
