"""The case system's adapter is killed at work at both ends; rows commit late, and some not at all."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.adapters_rig import KILLS, Campaign
from tests.connected.case_system import SEND, CaseSystem, case_system
from tests.rig import Rig
from tests.servers import Servers

pytestmark = pytest.mark.connected


class Tables:
    """The case system: what its application does in its own database."""

    adapter, agency = "social_care", "cardiff-social-services"

    def __init__(self, case: CaseSystem) -> None:
        self.settings = f'database_url = "{case.adapter}"\npoll_seconds = 0.5\nbatch = 20'
        self._case = case
        self._chance = Random(11)

    def give(self, name: str, content: bytes) -> None:
        """In a transaction of its own, after one that was begun for the same row and rolled back, now and then."""
        row = json.loads(content)
        row["document"] = json.dumps(row["document"])
        with self._case.connect(self._case.application, autocommit=False) as connection:
            if self._chance.random() < 0.1:
                connection.execute(SEND, row | {"person_id": "P0"})
                connection.rollback()
            connection.execute(SEND, row)

    def has(self) -> list[str]:
        return [one for (one,) in self._case.ask("SELECT delivery_id::text FROM dolen.incoming ORDER BY number")]

    def statuses(self) -> list[tuple[str, int]]:
        return self._case.ask("SELECT status, count(*) FROM dolen.sent GROUP BY status")


@pytest.fixture
def case(servers: Servers) -> Iterator[CaseSystem]:
    with case_system(servers.endpoints.database_url) as made:
        yield made


@pytest.mark.parametrize("store", ["in the case system's database", pytest.param("elsewhere", marks=pytest.mark.long)])
def test_kills_at_both_ends_leave_every_row_and_every_notification_once(
    rig: Rig, case: CaseSystem, tmp_path: Path, store: str
) -> None:
    url = case.adapter if store.startswith("in ") else f"sqlite:///{tmp_path}/adapter.db"
    more = 'store_schema = "dolen_adapter"\n[inbox]\nwindow_s = 0.5\n[outbox]\nresend_after_s = 5\n'
    system = Tables(case)
    with Campaign(rig, system, store=url, more=more) as campaign:
        campaign.run(kills=KILLS if url == case.adapter else KILLS // 3, timeout_s=300)
        assert {status for status, _ in system.statuses()} <= {"taken", "accepted"}
