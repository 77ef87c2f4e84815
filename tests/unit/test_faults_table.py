"""The faults' table is what the results say: several runs add up, and what is wrong or was left out is told."""

from collections import Counter

import pytest

from tests.faults.levels import LEVELS, plan
from tests.faults.nemeses.registry import NEMESES
from tests.faults.results import Control, Result, Row, keep, kept
from tests.faults.table import table, write_readme


def result(**other) -> Result:
    rows = {"hub killed": Row(2, 1, 300, stall_s=1.25, recovery_s=1.0), "EndTxn held": Row(3, 3, 200, recovery_s=4.0)}
    made = {
        "day": "2026-11-24",
        "site": "one broker",
        "rows": rows,
        "events": 600,
        "hostile": 5,
        "sends": 610,
        "unknown": 10,
        "wrong": Counter(),
        "audit_clean": True,
        "audit": "clean",
        "restarts": [],
        "left_out": {},
        "command": "deploy/faults --level night --seed 1",
        "revision": "abc",
    }
    return Result(**made | other)


def test_two_runs_add_up_and_each_is_named(tmp_path):
    file = tmp_path / "results"
    keep(file, Control("c", "abc", "policy-off-by-one", "misdirected", 7))
    keep(file, result())
    keep(file, result(command="deploy/faults --level night --seed 2", site="three brokers"))
    text = table(kept(file))
    assert "| hub killed | 4 | 2 | 600 | 0 | 0 | 0 | 0 | 1.2 | 1.0 |" in text
    assert "| **all** | 10 | 8 | 1,200 | 0 | 0 | 0 | 0 | 1.2 | 4.0 |" in text
    assert "10 faults, 8 of them inside a transaction, 1,200 events: 0 lost, 0 doubled" in text
    assert "--seed 1`" in text
    assert "--seed 2`" in text
    assert "1 with one broker, 1 with three brokers" in text
    assert "clean every time" in text
    assert "1 of 1 caught: policy-off-by-one (7 misdirected)" in text


def test_what_an_adapter_was_given_is_told_apart_from_the_hubs_load():
    text = table([result(), result(site="one adapter", rows={"outbox killed": Row(5, 4, 320)}, events=320)])
    assert "1 with one broker, 1 with one adapter" in text
    assert "| outbox killed | 5 | 4 | 320 | 0 | 0 | 0 | 0 | 0.0 | 0.0 |" in text
    assert "With one adapter, 320 of the events" in text
    assert "10 faults, 8 of them inside a transaction or, at an adapter, with something unsettled" in text
    assert "With one adapter" not in table([result()])


def test_what_is_wrong_is_told():
    lost = result(wrong=Counter(lost=2, broken=1), audit_clean=False, audit="{'AUD-301': 2}", stuck="hub killed: late")
    assert not lost.clean
    text = table([lost, Control("c", "abc", "no-fail-fast", "doubled", 0)])
    assert "2 lost" in text
    assert "1 other violations" in text
    assert "NOT CLEAN: {'AUD-301': 2}" in text
    assert "no-fail-fast: NOT CAUGHT" in text
    assert "broken off: hub killed: late" in text


def test_what_was_left_out_is_told_and_a_worker_that_ended_by_itself_too():
    text = table([result(left_out={"disk full": "needs root"}, restarts=["hub killed", "hub killed"])])
    assert "Left out on this machine: disk full (needs root)." in text
    assert "2 time(s)" in text


def test_it_is_written_between_its_markers_alone(tmp_path):
    file = tmp_path / "README.md"
    file.write_text("before\n<!-- faults:begin -->\nold\n<!-- faults:end -->\nafter\n", encoding="utf-8")
    write_readme("new", file)
    assert file.read_text(encoding="utf-8") == "before\n<!-- faults:begin -->\nnew\n<!-- faults:end -->\nafter\n"
    file.write_text("no place", encoding="utf-8")
    with pytest.raises(SystemExit, match="no place for the table"):
        write_readme("new", file)


def test_a_night_tries_every_fault_and_the_same_seed_makes_the_same_plan():
    night = LEVELS["night"]
    assert {name for part in night.parts for name in part.names} == {*NEMESES}
    for part in night.parts:
        assert plan(part, 1, 0) == plan(part, 1, 0) != plan(part, 2, 0)
        assert len(plan(part, 1, 0)) == len(part.names) * part.times
