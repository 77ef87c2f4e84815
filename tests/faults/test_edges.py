"""The disk under an adapter's store is full, and it is killed then: nothing is lost, told twice, or out of order."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters_rig import Campaign
from tests.connected.test_police_killed import RecordsSystem
from tests.faults.campaign import NotHere
from tests.faults.nemeses.disks import fill
from tests.faults.sites import mounted
from tests.rig import Rig

pytestmark = [pytest.mark.faults, pytest.mark.long]

TIMES = 3


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small one; where none can be mounted, CI fails."""
    place = tmp_path / "disk"
    try:
        with mounted(place, megabytes=16):
            yield place
    except NotHere as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


def test_a_disk_that_is_full_under_outbox_and_inbox_costs_nothing_but_time(
    rig: Rig, tmp_path: Path, disk: Path
) -> None:
    store = disk / "adapter.db"
    with Campaign(rig, RecordsSystem(tmp_path), store=f"sqlite:///{store}", rate=30) as campaign:
        campaign.run(kills=TIMES, kill_once=lambda: _fill_and_kill(campaign, store))


def _fill_and_kill(campaign: Campaign, store: Path) -> None:
    """The disk fills until the adapter says that it could not take a record; then it dies."""

    def said(word: str) -> int:
        return campaign.process.log.read_text().count(word)

    taken, refused = said("police.taken"), said("police.not_stored")
    campaign.process.until(lambda: said("police.taken") > taken, what="any record")
    with closing(sqlite3.connect(store, timeout=10)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else there is room in its log's file
    ballast = store.with_name("ballast")
    fill(ballast)
    campaign.process.until(lambda: said("police.not_stored") > refused, what="a record that could not be stored")
    campaign.process.kill()
    ballast.unlink()
    campaign.process.start()
