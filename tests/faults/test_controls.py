"""A verdict counts only if it catches every hub that is built wrong, and lets the right one pass through the same."""

import pytest

from tests.faults.ground import Ground
from tests.faults.scenarios import CAUGHT_AS, SCENARIOS, judge

pytestmark = [
    pytest.mark.faults,
    # aiokafka leaves sockets of what was killed for the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


TRIES = 3
"""Whether a wrong hub's mistake is met is a matter of milliseconds; the right one has to come through each time."""


@pytest.mark.parametrize("control", SCENARIOS)
def test_a_hub_that_is_built_wrong_is_caught(servers, tmp_path, control):
    for number in range(TRIES):
        ground = Ground(servers.state_dir, tmp_path / f"ground-{number}")
        try:
            found = judge(ground, SCENARIOS[control], control)
        finally:
            ground.close()
        if getattr(found, CAUGHT_AS[control]):
            return
    pytest.fail(f"{control} came through {TRIES} times; the last: {found}")


@pytest.mark.long
@pytest.mark.parametrize("control", SCENARIOS)
def test_the_hub_comes_unhurt_through_what_brings_a_wrong_one_to_light(ground, control):
    found = judge(ground, SCENARIOS[control], None)
    assert found.clean, found
    assert found.accepted > 0
