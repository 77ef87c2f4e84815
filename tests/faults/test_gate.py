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


@pytest.mark.parametrize("number", range(LEVELS["gate"].rounds))
def test_a_hub_that_is_hurt_in_every_way_of_the_gate_loses_doubles_and_misdirects_nothing(stack, tmp_path, number):
    gate = LEVELS["gate"]
    until = time.monotonic() + 60 * gate.minutes
    found = asyncio.run(campaign(stack, tmp_path / "campaign", gate, SEED, number, until))
    assert found.verdict.clean, found.verdict
    assert found.second.clean, found.second.words
    assert len(found.names) == len(gate.names), "not all faults were tried in time"
    assert sum(strike.inside > 0 for strike in found.strikes) >= len(gate.names) // 2
