"""What a person does at the command line, against real servers, as processes."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig import Rig

pytestmark = pytest.mark.acceptance

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"
MISSED = EXAMPLES / "wales.child-protection.circumstances.visit-missed.v1.json"


def dolen(rig: Rig, *words: str, expect: int = 0, given: str | None = None) -> str:
    """Run a command; its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "hub", *words],
        env=rig.environment,
        input=given,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == expect, (words, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout if expect == 0 else done.stdout + done.stderr


@pytest.fixture
def running(rig: Rig) -> Rig:
    rig.start()
    return rig


def test_a_refused_event_is_a_dead_letter_with_its_remedy(running: Rig, tmp_path: Path):
    bad = json.loads(MISSED.read_text())
    bad["data"]["child"]["nhs_number"] = "9990000019"
    event = tmp_path / "bad.json"
    event.write_text(json.dumps(bad))
    refused = dolen(running, "publish", str(event), "--as", "cardiff-social-services", expect=2)
    assert "9990000019" not in refused
    dolen(running, "publish", str(event), "--as", "cardiff-social-services", "--unchecked")
    seen = dolen(running, "tail", "cardiff-social-services", "--from-beginning", "--follow", "--max", "1", "--json")
    assert "rejected" in seen
    listed = dolen(running, "dead-letters", "list", "--json")
    assert "HUB-307" in listed
    assert "9990000019" not in listed + seen


def test_what_there_is_not_has_an_exit_code_of_its_own(running: Rig):
    dolen(running, "trace", "00000000-0000-4000-8000-000000000000", expect=1)
    dolen(running, "publish", "/nowhere.json", "--as", "cardiff-social-services", expect=2)


def test_a_provisioned_hub_has_nothing_left_to_provision(rig: Rig):
    dolen(rig, "provision", "--check")


def test_a_hub_with_another_number_of_lanes_refuses_to_start(rig: Rig):
    rig.start(DOLEN_LANES="5").wait(60)
    assert rig.workers[0].returncode == 2
    assert "must have 5 partitions" in rig.logs()


def test_a_broken_policy_stops_the_start_with_file_and_line(rig: Rig, tmp_path: Path):
    policy = tmp_path / "policy"
    shutil.copytree(Path(__file__).parents[2] / "hub" / "policy", policy)
    views = policy / "views.toml"
    views.write_text(views.read_text().replace('"upn"', '"unp"', 1))
    rig.start(DOLEN_POLICY_DIR=str(policy)).wait(60)
    assert rig.workers[0].returncode == 2
    assert "views.toml:" in rig.logs()


def test_a_policy_that_is_broken_while_the_hub_runs_leaves_the_old_one_in_force(rig: Rig, tmp_path: Path):
    policy = tmp_path / "policy"
    shutil.copytree(Path(__file__).parents[2] / "hub" / "policy", policy)
    rig.start(DOLEN_POLICY_DIR=str(policy))
    rig.working()

    async def break_it():
        await rig.publish(200, rate=200)
        views = policy / "views.toml"
        views.write_text(views.read_text() + "\n[[view]]\n")
        await asyncio.sleep(2.5)
        await rig.publish(200, rate=200)
        await rig.settled()
        return await rig.verdict()

    assert asyncio.run(break_it()).clean
    assert "rules.refused" in rig.logs()
