"""What `dolen bench adapters` prints, measured on real servers with a small load."""

import json
import subprocess
import sys

import pytest

from tests.rig import Rig

pytestmark = pytest.mark.acceptance


def bench(rig: Rig, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hub", "bench", *words], env=rig.environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


@pytest.mark.long
def test_an_adapters_edges_are_measured_on_both_stores_beside_the_bare_write(rig: Rig) -> None:
    found = json.loads(bench(rig, "adapters", "--events", "500", "--latency-seconds", "2", "--json"))
    assert [each["store"] for each in found["stores"]] == ["sqlite", "postgresql"]
    for each in found["stores"]:
        for edge in (*each["edges"].values(), each["bare"]):
            assert edge["events_per_s"] > 0
            assert edge["p99_ms"] > 0
        assert each["bare"]["events_per_s"] > max(edge["events_per_s"] for edge in each["edges"].values())
