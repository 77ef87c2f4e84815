"""A verdict counts only if it catches every hub that is built wrong, and lets the right one pass through the same."""

import pytest

from tests.faults.scenarios import CAUGHT_AS, SCENARIOS, judge

pytestmark = [
    pytest.mark.faults,
    # aiokafka leaves sockets of what was killed for the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize("control", SCENARIOS)
def test_a_hub_that_is_built_wrong_is_caught(ground, control):
    found = judge(ground, SCENARIOS[control], control)
    assert getattr(found, CAUGHT_AS[control]), found


@pytest.mark.parametrize("control", SCENARIOS)
def test_the_hub_comes_unhurt_through_what_brings_a_wrong_one_to_light(ground, control):
    found = judge(ground, SCENARIOS[control], None)
    assert found.clean, found
    assert found.accepted > 0
