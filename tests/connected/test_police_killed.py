"""The police's adapter is killed at work at both ends, and the balance is exact."""

import os
from pathlib import Path

import pytest

from tests.adapters_rig import Campaign
from tests.rig import Rig

pytestmark = pytest.mark.connected


class RecordsSystem:
    """A force's records system: two directories."""

    adapter, agency = "police", "south-wales-police"

    def __init__(self, folder: Path) -> None:
        self.drop, self.out = folder / "drop", folder / "out"
        self.drop.mkdir()
        self.out.mkdir()
        self.settings = f'drop = "{self.drop}"\nout = "{self.out}"\nsettle_s = 0\npoll_s = 0.05'

    def give(self, name: str, content: bytes) -> None:
        (self.drop / f"{name}.part").write_bytes(content)
        os.rename(self.drop / f"{name}.part", self.drop / name)

    def has(self) -> list[str]:
        files = sorted(self.out.glob("*.xml"), key=lambda path: path.stat().st_mtime_ns)
        return [path.stem for path in files]


def test_kills_at_both_ends_leave_the_balance_exact(rig: Rig, tmp_path: Path) -> None:
    system = RecordsSystem(tmp_path)
    with Campaign(rig, system) as campaign:
        campaign.run()
        assert {path.suffix for path in system.drop.iterdir()} == {".done", ".receipt"}
