"""Lock files say which files are installed, by hash, and nothing of where they come from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "deploy").glob("requirements*.lock"))


def pinned(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ \\;]+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_host(lock: Path) -> None:
    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted-host|@ file", lock.read_text())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_pinned_with_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert len(entries) == len(pinned(lock)) > 40
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


def test_what_is_tested_is_what_runs() -> None:
    runs, tested = (pinned(ROOT / "deploy" / name) for name in ("requirements.lock", "requirements-dev.lock"))
    assert runs.items() <= tested.items()


def test_every_dependency_is_in_its_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    optional = project["project"]["optional-dependencies"].values()
    runs = [*project["project"]["dependencies"], *(name for extra in optional for name in extra)]
    tested = [*runs, *project["dependency-groups"]["dev"]]
    for wanted, lock in ((runs, "requirements.lock"), (tested, "requirements-dev.lock")):
        names = {re.split(r"[\[<>=~!; ]", each)[0] for each in wanted}
        assert names <= pinned(ROOT / "deploy" / lock).keys(), "run deploy/lock"
