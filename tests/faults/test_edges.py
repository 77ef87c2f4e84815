"""The disk under an adapter's store is full, and it is killed then: nothing is lost, told twice, or out of order."""

import os
from pathlib import Path

import pytest

from hub.local.stack import Stack
from tests.faults.adapter import hurt_adapter
from tests.faults.campaign import Step
from tests.faults.nemeses.edges import ADAPTER
from tests.faults.nemeses.registry import NEMESES

pytestmark = [pytest.mark.faults, pytest.mark.long]

FULL = "disk full under the outbox"
TIMES = 3


def test_a_disk_that_is_full_under_outbox_and_inbox_costs_nothing_but_time(stack: Stack, tmp_path: Path) -> None:
    steps = [Step(FULL, seed) for seed in range(TIMES)]
    found = hurt_adapter(stack, tmp_path, steps, NEMESES, site=ADAPTER, say=print)
    if FULL in found.left_out and os.environ.get("CI") != "true":
        pytest.skip(found.left_out[FULL])
    assert found.clean, found
    assert found.rows[FULL].times == TIMES
