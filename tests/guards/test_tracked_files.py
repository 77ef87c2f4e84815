"""What is committed fits any machine: the top level, the run bits, no path or registry of one workplace."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {"pyproject.toml", "hub", "adapters", "contracts", "deploy", "tests", "README.md"}

# In pieces, since this file is committed too.
REGISTRIES = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "repo1." + "maven.org",
    "repo." + "maven.apache.org",
    "registry." + "npmjs.org",
    "deb." + "debian.org",
]
MACHINE = re.compile(r"(?<![\w.])/(?:" + "|".join(["ro" + "ot", "wo" + "rk", "ho" + "me/[a-z]", "Us" + "ers"]) + r")/")


def tracked() -> list[str]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    return [(name, (ROOT / name).read_text(encoding="utf-8", errors="replace")) for name in tracked()]


def test_the_top_level_is_what_the_readme_shows() -> None:
    top = {name.split("/")[0] for name in tracked()}
    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL


def test_no_path_of_one_machine_is_committed() -> None:
    found = [f"{name}: {match[0]}" for name, text in texts() if (match := MACHINE.search(text))]
    assert found == []


def test_no_registry_host_is_committed() -> None:
    assert [name for name, text in texts() if any(host in text for host in REGISTRIES)] == []


@pytest.mark.parametrize("script", ["deploy/demo", "deploy/test", "deploy/lock", "deploy/venv", ".ci/run"])
def test_scripts_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    assert (ROOT / script).read_text().startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in (ROOT / script).read_text()


def test_ci_runs_what_the_readme_says() -> None:
    assert "deploy/test" in (ROOT / ".ci" / "run").read_text()
