"""An adapter as `dolen adapter new` makes it is killed at work at both ends, and the balance is exact."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import adapters
from adapters.sdk.new import new_adapter
from tests.adapters_rig import Campaign
from tests.rig import Rig

pytestmark = pytest.mark.connected

NAME = "court_orders"


class Folders:
    """The case system: two folders."""

    adapter, agency = NAME, "wales-probation"

    def __init__(self, folder: Path) -> None:
        self.drop, self.out = folder / "drop", folder / "out"
        self.drop.mkdir()
        self.out.mkdir()
        self.settings = f'drop = "{self.drop}"\nout = "{self.out}"\npoll_s = 0.05'

    def give(self, name: str, content: bytes) -> None:
        (self.drop / f".{name}").write_bytes(content)
        (self.drop / f".{name}").rename(self.drop / name)

    def has(self) -> list[str]:
        files = sorted(self.out.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [path.stem for path in files]


@pytest.fixture
def entered(tmp_path: Path) -> Iterator[str]:
    """The new adapter's folder lies beside those of the registry; what a process has to run to find it there."""
    into = tmp_path / "adapters"
    new_adapter(NAME, into)
    adapters.__path__.append(str(into))
    yield (
        f"import adapters; adapters.__path__.append({str(into)!r}); adapters.ADAPTERS = (*adapters.ADAPTERS, {NAME!r})"
    )
    adapters.__path__.remove(str(into))
    for module in [name for name in sys.modules if name.startswith(f"adapters.{NAME}")]:
        del sys.modules[module]


def test_kills_at_both_ends_leave_the_balance_exact(rig: Rig, tmp_path: Path, entered: str) -> None:
    with Campaign(rig, Folders(tmp_path), before=entered) as campaign:
        campaign.run()
