"""The faults that are tried at every check: one campaign with each once, under load, judged twice."""

import asyncio
import time

import pytest

from tests.faults.command import campaign
from tests.faults.levels import LEVELS

pytestmark = [
    pytest.mark.faults,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
SEED = 4


def test_a_hub_that_is_hurt_in_every_way_of_the_gate_loses_doubles_and_misdirects_nothing(stack, tmp_path):
    gate = LEVELS["gate"]
    (part,) = gate.parts
    until = time.monotonic() + 60 * gate.minutes
    found = asyncio.run(campaign(stack, tmp_path, part, seed=SEED, number=0, rate=gate.rate, until=until))
    assert not found.wrong.total(), found.wrong
    assert found.audit_clean, found.audit
    assert not found.stuck
    assert found.rows.keys() == {*part.names}, "not all faults were tried in time"
    assert sum(row.inside for row in found.rows.values()) >= len(part.names) // 2
