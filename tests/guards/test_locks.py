"""Lock files say which files are installed, by hash, and nothing of where they come from."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
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


IMPORT_ALL = """
import importlib, pkgutil, sys
missing = set(sys.argv[1].split(","))

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"{name} is in no lock but the tests'", name=name)

sys.meta_path.insert(0, Finder())
for top in ("contracts", "adapters", "hub"):
    package = importlib.import_module(top)
    for module in pkgutil.walk_packages(package.__path__, f"{top}."):
        if not module.name.endswith((".__main__", ".migrations.env")):  # what acts when it is imported
            importlib.import_module(module.name)
"""


def test_every_module_does_with_what_runs() -> None:
    """The tests' packages bring others along: what they alone bring is missing where Dolen runs (greenlet was)."""
    runs = pinned(ROOT / "deploy" / "requirements.lock").keys() | {"dolen", "pip", "setuptools"}
    there = {name: {_normal(one) for one in of} for name, of in packages_distributions().items()}
    missing = {name for name, of in there.items() if not of & runs}
    assert {"pytest", "hypothesis", "playwright"} <= missing
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL, ",".join(missing)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
