"""What an audit can't judge it counts and says; it never takes it for a violation, nor for nothing."""

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from hub.audit.auditor import audit
from hub.audit.codes import Code, Note
from hub.audit.policy import PACKAGED
from hub.audit.source import Record
from tests.unit.audit.breaking import document, is_entry, is_inbound, is_notification, one, without
from tests.unit.audit.hub_in_memory import START_MS, HubInMemory, rules, simulated, source, standing

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture(scope="module")
def written() -> list[Record]:
    hub = HubInMemory(rules())
    hub.take(simulated(100))
    return hub.records()


def other_policy(folder: Path) -> Path:
    """The packaged policy without the rule that tells the police."""
    copytree(PACKAGED, folder / "policy")
    rules_file = folder / "policy" / "rules" / "referrals.toml"
    text = rules_file.read_text(encoding="utf-8")
    start = text.index('[[rule]]\nid = "possible-crime-to-police"')
    rules_file.write_text(text[:start] + text[text.index("[[rule]]", start + 1) :], encoding="utf-8")
    return folder / "policy"


def test_events_of_another_policy_are_held_against_the_ledger_alone(written, tmp_path):
    policy = other_policy(tmp_path)
    report = audit(source(written), [standing(policy)], now_ms=START_MS)
    assert report.clean
    assert report.notes[Note.OTHER_RULES] == 100


def test_a_notification_that_the_ledger_calls_for_is_missed_whatever_the_policy(written, tmp_path):
    records = without(written, one(written, is_notification))
    report = audit(source(records), [standing(other_policy(tmp_path))], now_ms=START_MS)
    assert set(report.counts) == {Code.LOST, Code.BALANCE}


def test_a_policy_that_changed_in_mid_stream_is_judged_by_both(written, tmp_path):
    policy = other_policy(tmp_path)
    hub = HubInMemory(rules())
    events = simulated(100)
    hub.take(events[:50])
    hub.rules = rules(policy)
    hub.take(events[50:])
    report = audit(hub.source(), [standing(), standing(policy)], now_ms=START_MS)
    assert report.clean
    assert not report.notes[Note.OTHER_RULES]


def test_what_the_hub_has_not_read_yet_is_counted(written):
    """Of lane 0 nothing has come out yet."""
    there = source(record for record in written if record.partition != 0 or is_inbound(record))
    unread = [record for record in written if record.partition == 0 and is_inbound(record)]
    for record in unread:
        there.committed[record.topic, 0] = 0
    report = audit(there, [standing()], now_ms=START_MS)
    assert report.clean, report.violations
    assert report.notes[Note.NOT_YET_READ] == len(unread)


def test_payloads_whose_time_is_over_are_not_missed_while_their_chain_still_holds(written):
    is_payload = {r for r in written if r.topic.startswith("to.") or is_inbound(r)}
    kept = source(record for record in written if record not in is_payload or record.offset > 2)
    for record in is_payload:
        place = record.topic, record.partition
        kept.let_go[place] = max(kept.let_go.get(place, 0), min(record.offset + 1, 3))
    report = audit(kept, [standing()], now_ms=START_MS + 33 * DAY_MS)
    assert report.clean, report.violations
    assert report.notes[Note.EXPIRED] > 10

    too_early = audit(kept, [standing()], now_ms=START_MS)
    assert {Code.NO_INBOUND_RECORD, Code.LOST} <= set(too_early.counts)


def test_a_header_name_that_the_reader_cannot_read_leaves_the_signer_to_the_ledger():
    hub = HubInMemory(rules())
    planned = simulated(40)
    odd = replace(planned[-1], headers=(*planned[-1].headers, ("\udcff\udcfe", b"v")))
    hub.take([*planned[:-1], odd])
    records = [
        r._replace(headers=None) if r.headers and r.headers[-1][0].startswith("\udcff") else r for r in hub.records()
    ]
    report = audit(source(records), [standing()], now_ms=START_MS)
    assert report.clean, report.violations
    assert report.notes[Note.HEADERS_UNSEEN] == 1


def test_a_topic_with_another_number_of_partitions_is_found(written):
    there = source(written)
    there._topics["to.wales-probation.deadlines.v1"] = 2
    there._topics["notices.v1"] = 4
    report = audit(there, [standing()], now_ms=START_MS)
    assert report.counts == {Code.PARTITIONS: 2}


def test_a_sender_that_counts_backwards_is_told_and_is_no_fault_of_the_hubs():
    hub = HubInMemory(rules())
    hub.take(reversed(simulated(250)))
    report = audit(hub.source(), [standing()], now_ms=START_MS)
    assert report.clean, report.violations
    assert report.notes[Note.SEQUENCE_BACK] > 0


def test_a_chain_is_told_with_its_length_and_head(written):
    report = audit(source(written), [standing()], now_ms=START_MS)
    entries = [r for r in written if is_entry(r) and r.partition == 1]
    assert report.heads[1][0] == len(entries) == document(entries[-1])["number"]


def test_headers_that_are_too_many_for_the_audits_reader_are_taken_for_what_the_ledger_says(written):
    """librdkafka gives no headers at all of a record that has tens of thousands."""
    (good,) = simulated(1)
    many = replace(good, headers=(*good.headers, *[("x", b"1")] * 70))
    hub = HubInMemory(rules())
    hub.take([many])
    records = [r._replace(headers=()) if is_inbound(r) else r for r in hub.records()]
    report = audit(source(records), [standing()], now_ms=START_MS)
    assert report.clean, report.violations
    assert report.notes[Note.HEADERS_UNSEEN] == 1
