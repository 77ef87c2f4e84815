"""Who may import whom is written down in pyproject.toml and holds."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("name", ["hub", "adapters", "contracts"])
def test_nothing_else_that_is_installed_owns_our_names(name: str) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert [Path(place) for place in spec.submodule_search_locations or ()] == [ROOT / name]
    assert set(packages_distributions().get(name, ())) <= {"dolen"}
