"""An end of the ledger that was cut off, and one that was written anew, show against the last checkpoint alone."""

import hashlib

import pytest

from hub.audit.auditor import audit
from hub.audit.checkpoints import Checkpoint, Checkpoints
from hub.audit.codes import Code, Note
from hub.audit.source import Record
from tests.unit.audit.breaking import at, chained_again, document, event_of, is_entry, is_inbound, saying, without
from tests.unit.audit.hub_in_memory import LANES, NAMES, START_MS, HubInMemory, rules, simulated, source, standing

LATER_MS = START_MS + 2 * 24 * 60 * 60 * 1000


@pytest.fixture(scope="module")
def written() -> list[Record]:
    """What a hub made of 250 events."""
    hub = HubInMemory(rules())
    hub.take(simulated(250))
    return hub.records()


def ledger(records: list[Record], lane: int) -> list[Record]:
    return sorted((r for r in records if is_entry(r) and r.partition == lane), key=lambda record: record.offset)


def checkpoints(records: list[Record], *, behind: int = 0, time_ms: int = LATER_MS) -> Checkpoints:
    """As the hub kept them when each lane's ledger was so much shorter."""
    kept = {}
    for lane in range(LANES):
        entries = ledger(records, lane)
        last = entries[len(entries) - 1 - behind]
        kept[lane] = Checkpoint(len(entries) - behind, hashlib.sha256(last.value).hexdigest(), time_ms)
    return kept


def audited(records: list[Record], kept: Checkpoints):
    return audit(source(records), [standing()], now_ms=LATER_MS, checkpoints=kept)


def cut_off(records: list[Record]) -> list[Record]:
    """The last event of a lane, and all that came of it: what somebody does who can write anywhere, and hides it."""
    last = ledger(records, 1)[-1]
    event = event_of(records, last)
    assert not any(is_inbound(r) and (r.topic, r.partition) == event[:2] and r.offset > event.offset for r in records)
    ids = {decision.get("delivery") for decision in document(last)["decisions"]} | {document(last)["receipt"]}
    of_it = [r for r in records if r.topic.startswith("to.") and document(r)["id"] in ids]
    letters = [r for r in records if r.topic == NAMES.dead_letters and document(r)["at"] == at(event)]
    for record in (last, event, *of_it, *letters):
        records = without(records, record)
    return records


def test_a_whole_ledger_agrees_with_its_checkpoints_the_last_and_earlier_ones(written):
    for behind in (0, 1, 20):
        report = audited(written, checkpoints(written, behind=behind))
        assert report.clean, report.violations
        assert not report.notes[Note.NO_CHECKPOINT]
        assert not report.notes[Note.OLD_CHECKPOINT]


def test_an_end_that_was_cut_off_with_all_that_belonged_to_it_is_found_by_the_checkpoint_alone(written):
    cut = cut_off(written)
    assert len(cut) < len(written)
    assert audited(cut, {}).clean, "the chain alone does not show it: else this test shows nothing"
    report = audited(cut, checkpoints(written))
    assert set(report.counts) == {Code.CUT_OFF}
    assert report.violations[0].at.startswith(f"{NAMES.ledger}/1/")


def test_a_ledger_that_was_written_anew_from_some_record_on_is_found(written):
    written = chained_again(written)  # the same bytes for what is not changed
    early = ledger(written, 2)[3]
    anew = chained_again([saying(r, lambda e: e["hub"].update(worker="x")) if r is early else r for r in written])
    assert audited(anew, {}).clean, "else this test shows nothing"
    report = audited(anew, checkpoints(written, behind=5))
    assert report.counts == {Code.CUT_OFF: 1}
    assert report.violations[0].at.startswith(f"{NAMES.ledger}/2/")


def test_a_checkpoint_that_the_hub_did_not_sign_is_found(written):
    report = audited(written, {**checkpoints(written), 1: None})
    assert set(report.counts) == {Code.CHECKPOINT_FORGED}


def test_lanes_without_a_checkpoint_and_with_an_old_one_are_told_and_are_no_violation(written):
    report = audited(written, {0: checkpoints(written)[0]})
    assert report.clean
    assert report.notes[Note.NO_CHECKPOINT] == LANES - 1
    report = audited(written, checkpoints(written, time_ms=START_MS - 60 * 60 * 1000))
    assert report.clean
    assert report.notes[Note.OLD_CHECKPOINT] == LANES
