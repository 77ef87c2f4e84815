"""Every record comes to exactly one outcome, twice the same, and shows nobody more than the policy does."""

import json
from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.delivery import view_of
from contracts.envelope import MAX_EVENT_BYTES
from contracts.headers import SIGNATURE, sign
from contracts.identity import delivery_id
from contracts.parties import HUB, agency_of
from contracts.registry import REGISTRY
from hub.ledger import GENESIS, record_hash
from hub.outcomes import Outcome
from hub.simulate.spoil import KINDS
from tests.pipeline.bench import LATER_MS, NAMES, Raw, Workbench, document, ledger, letters, make_rules, told

RULES = make_rules()


def test_every_simulated_record_becomes_what_its_maker_expects(bench):
    planned = bench.simulated(3000, bad=0.1, conflicts=0.03)
    entries = ledger(bench.take(map(bench.raw, planned)))
    assert len(entries) == len(planned)
    for plan, entry in zip(planned, entries, strict=True):
        assert entry.outcome == plan.expectation.outcome, plan.expectation.kind
        if plan.expectation.fault is not None:
            assert plan.expectation.fault in {fault.code for fault in entry.faults}
    kinds = {plan.expectation.kind for plan in planned if plan.expectation.kind}
    assert len(kinds) >= len(KINDS) - 3, set(KINDS) - kinds


def test_what_goes_out_is_what_the_language_says(bench):
    for output in told(bench.take(map(bench.raw, bench.simulated(2000)))):
        sent = document(output)
        model = REGISTRY[sent["type"]].model
        (model if sent["source"] == HUB else view_of(model)).model_validate_json(output.value)
        assert output.key == sent["subject"].encode()


def test_a_notification_goes_to_its_recipients_own_topic_under_its_stable_id(bench):
    for output in told(bench.take(map(bench.raw, bench.simulated(1000)))):
        sent = document(output)
        if sent["source"] != HUB:
            assert output.topic == NAMES.outbound(agency_of(sent["recipient"]), REGISTRY[sent["type"]].family)
            assert sent["id"] == delivery_id(sent["source"], sent["origin"], sent["recipient"])


def test_a_sender_is_never_told_of_its_own_event(bench):
    assert not [o for o in told(bench.take(map(bench.raw, bench.simulated(1000)))) if _is_own(document(o))]


def _is_own(sent):
    return sent.get("recipient") == sent["source"]


def test_every_record_of_a_known_sender_gets_one_receipt(bench):
    batch = bench.take(map(bench.raw, bench.simulated(1000)))
    receipts = Counter(document(output)["id"] for output in told(batch) if document(output)["source"] == HUB)
    promised = Counter(entry.receipt for entry in ledger(batch) if entry.receipt is not None)
    assert receipts == promised
    assert set(receipts.values()) == {1}


def test_a_second_reading_decides_the_same_byte_for_byte(made):
    first, second = Workbench(*made), Workbench(*made)
    planned = first.simulated(1000)
    records = [first.raw(plan) for plan in planned]
    once, twice = first.take(records), second.take(records)
    assert [_without_clock(o) for o in once.outputs] == [_without_clock(o) for o in twice.outputs]


def _without_clock(output):
    if output.topic != NAMES.ledger:
        return output
    entry = document(output)
    return {name: value for name, value in entry.items() if name not in ("hub", "prev")}


def test_a_batch_read_again_after_a_crash_finds_its_own_claims(bench):
    records = [bench.raw(plan) for plan in bench.simulated(300)]
    once = Counter(entry.outcome for entry in ledger(bench.take(records)))
    assert Counter(entry.outcome for entry in ledger(bench.take(records))) == once


def test_the_ledgers_chain_is_whole_over_batches(bench):
    records = [bench.raw(plan) for plan in bench.simulated(500)]
    values = []
    for start in range(0, len(records), 70):
        values += [o.value for o in bench.take(records[start : start + 70]).outputs if o.topic == NAMES.ledger]
    previous = GENESIS
    for number, value in enumerate(values, start=1):
        entry = json.loads(value)
        assert (entry["number"], entry["prev"]) == (number, previous)
        previous = record_hash(value)


def test_the_ledger_says_which_notification_a_recipients_receipt_answers_and_nothing_else_does(bench):
    planned = bench.simulated(4000)
    entries = ledger(bench.take(map(bench.raw, planned)))
    kinds = set()
    for plan, entry in zip(planned, entries, strict=True):
        event = json.loads(plan.value) if entry.outcome == Outcome.ACCEPTED else {"type": ""}
        if ".receipts." not in event["type"]:
            assert entry.answers is None
            continue
        data, answers = event["data"], entry.answers
        assert answers.delivery == data["delivery"]
        assert answers.original.model_dump() == data["original"]
        assert event["type"] == f"wales.child-protection.receipts.{answers.kind}.v1"
        assert answers.said_at.isoformat() in {_moment(value) for name, value in data.items() if name.endswith("_at")}
        missing = data.get("missing_from")
        assert answers.reason == (data.get("reason") if missing is None else f"{missing}-{missing}")
        kinds.add(answers.kind)
    answered = {"delivered", "opened", "accepted-by", "refused", "asked", "escalated", "restored"}
    assert kinds == {*answered, "gap", "system-off"}


def _moment(written):
    return datetime.fromisoformat(written).isoformat()


def test_a_receipts_ledger_entry_has_nothing_that_a_person_wrote(bench):
    written = bench.take(map(bench.raw, bench.simulated(4000))).outputs
    found = [json.loads(output.value) for output in written if output.topic == NAMES.ledger]
    answering = [entry["answers"] for entry in found if "answers" in entry]
    assert answering
    assert all(answers.keys() == {"delivery", "original", "kind", "said_at", "reason"} for answers in answering)


def test_nothing_of_a_refused_event_is_kept_or_sent_back(bench):
    """Every string of the payload is looked for in dead letters, ledger and rejected receipts."""
    planned = [plan for plan in bench.simulated(3000, bad=0.3) if plan.expectation.outcome is Outcome.REJECTED]
    for plan in planned:
        batch = bench.take([bench.raw(plan)])
        said = b" ".join(output.value for output in (*letters(batch), *batch.outputs[-1:], *told(batch)))
        for secret in _secrets(plan.value):
            assert secret.encode() not in said, plan.expectation.kind


def _secrets(value):
    """Names, numbers and narrative of a payload, where it can be read at all."""
    try:
        data = json.loads(value).get("data", {})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return
    yield from _leaves(
        data, ("given", "family", "nhs_number", "upn", "text", "lines", "postcode", "telephone", "email")
    )


def _leaves(node, names, is_named=False):
    if isinstance(node, dict):
        for name, below in node.items():
            yield from _leaves(below, names, name in names)
    elif isinstance(node, list):
        for below in node:
            yield from _leaves(below, names, is_named)
    elif is_named and isinstance(node, str) and len(node) > 3:
        yield node


@settings(max_examples=300, deadline=None)
@given(
    value=st.none() | st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    topic=st.sampled_from(NAMES.inbound),
)
def test_no_bytes_stop_the_lane(value, topic):
    bench = Workbench(*RULES)
    batch = bench.take([Raw(topic, 0, 0, LATER_MS, None, value, [])])
    assert [entry.outcome for entry in ledger(batch)] == [Outcome.REJECTED]
    assert len(letters(batch)) == 1


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"[" * 100_000, "HUB-205"),
        (b'{"a":' * 40_000, "HUB-205"),
        (b'{"n":' + b"9" * 200_000 + b"}", "HUB-204"),
        (b"x" * (MAX_EVENT_BYTES + 1), "HUB-202"),
        (b'"' + b"x" * (MAX_EVENT_BYTES - 2) + b'"', "HUB-204"),
        (b'{"a":NaN}', "HUB-207"),
        (b'{"a":-Infinity}', "HUB-207"),
        (b'{"a":1,"a":1}', "HUB-206"),
        (b'{"a":"\xff"}', "HUB-203"),
        (b'\xef\xbb\xbf{"a":1}', "HUB-204"),
        (b'{"a":"\\ud800"}', "HUB-204"),
        (b"{} {}", "HUB-204"),
        (b"[]", "HUB-204"),
        (b"", "HUB-204"),
        (None, "HUB-201"),
    ],
)
def test_bytes_that_are_no_event_have_a_code_of_their_own(made, value, code):
    """Signed, so that the signature isn't what is wrong."""
    rules, world = made
    bench = Workbench(rules, world)
    agency = "cardiff-social-services"
    key = next(key for key in rules.keyring.values() if key.agency == agency and key.valid_at(LATER_MS))
    headers = [(SIGNATURE, sign(value or b"", key_id=key.key_id, secret=key.secret))]
    batch = bench.take([Raw(NAMES.inbound[0], 0, 0, LATER_MS, b"x", value, headers)])
    (entry,) = ledger(batch)
    assert [fault.code for fault in entry.faults] == [code]
    assert entry.receipt_to == f"/agencies/{agency}"
