"""Whatever is broken in what the hub wrote, the audit finds it, says which rule it breaks, and says nothing else."""

import json
from collections.abc import Callable
from itertools import pairwise

import pytest

from hub.audit.auditor import audit
from hub.audit.codes import Code
from hub.audit.report import Report
from hub.audit.source import MemorySource, Record
from tests.unit.audit.breaking import (
    added,
    at,
    chained_again,
    document,
    edited,
    event_of,
    is_entry,
    is_letter,
    is_notification,
    is_receipt,
    of_outcome,
    one,
    replaced,
    saying,
    unrepeated,
    without,
)
from tests.unit.audit.hub_in_memory import START_MS, HubInMemory, rules, simulated, source, standing

DAY_MS = 24 * 60 * 60 * 1000

Records = list[Record]
Break = Callable[[Records], Records]


@pytest.fixture(scope="module")
def written() -> Records:
    """What a hub made of 250 events."""
    hub = HubInMemory(rules())
    hub.take(simulated(250))
    return hub.records()


@pytest.fixture(scope="module")
def in_force():
    return standing()


def audited(records: Records | MemorySource, in_force, **more) -> Report:
    read = records if isinstance(records, MemorySource) else source(records)
    return audit(read, [in_force], **{"now_ms": START_MS + 2 * DAY_MS, **more})


def test_what_the_hub_wrote_has_nothing_wrong(written, in_force):
    report = audited(written, in_force)
    assert not report.violations
    assert report.clean
    assert report.inbound == 250
    assert all(report.outcomes[outcome] for outcome in ("accepted", "duplicate", "conflict", "rejected"))
    assert report.outputs == sum(record.topic.startswith("to.") for record in written)
    assert all(books.balanced for books in report.accounts.values())


# -- notifications


def drop_one(records: Records) -> Records:
    return without(records, one(records, is_notification))


def double_one(records: Records) -> Records:
    return added(records, one(records, is_notification))


def deliver_a_repeat(records: Records) -> Records:
    """The first's notifications again, in the place where the repeat was dropped."""
    repeat = document(one(records, of_outcome("duplicate")))
    first = next(
        r for r in records if is_entry(r) and {k: document(r)["at"][k] for k in repeat["first"]} == repeat["first"]
    )
    ids = {decision["delivery"] for decision in document(first)["decisions"] if decision["told"]}
    for record in [r for r in records if is_notification(r) and document(r)["id"] in ids]:
        records = added(records, record)
    return records


def show_a_field_more(records: Records) -> Records:
    return edited(records, with_a_child, lambda event: children(event)[0].update(upn="A123456789012"))


def show_another_child(records: Records) -> Records:
    return edited(
        records,
        lambda r: is_notification(r) and "children" in document(r)["data"],
        lambda event: event["data"]["children"].append(event["data"]["children"][0]),
    )


def leave_a_field_out(records: Records) -> Records:
    return edited(records, with_a_child, lambda event: children(event)[0].pop("reference"))


def change_a_value(records: Records) -> Records:
    return edited(records, with_a_child, lambda event: children(event)[0].update(reference="0" * 8))


def name_another_view(records: Records) -> Records:
    return edited(records, is_notification, lambda event: event.update(view="social-services-of-old"))


def name_another_subject(records: Records) -> Records:
    return edited(records, is_notification, lambda event: event.update(subject=event["id"]))


def move_to_another_agency(records: Records) -> Records:
    old = one(records, lambda r: is_notification(r) and "south-wales-police" in r.topic)
    topic = old.topic.replace("south-wales-police", "wales-probation")
    return added(without(records, old), old, topic=topic)


def copy_to_another_agency(records: Records) -> Records:
    old = one(records, lambda r: is_notification(r) and "south-wales-police" in r.topic)
    return added(records, old, topic=old.topic.replace("south-wales-police", "wales-probation"))


def tell_another_agency(records: Records) -> Records:
    """Made well: its own id, recipient and topic. Only nobody decided it."""
    old = one(records, lambda r: is_notification(r) and "south-wales-police" in r.topic)
    new = saying(old, lambda event: event.update(recipient="/agencies/velindre-trust", id="0" * 36))
    return added(records, new, topic=old.topic.replace("south-wales-police", "velindre-trust"))


def move_to_another_partition(records: Records) -> Records:
    old = one(records, is_notification)
    return added(without(records, old), old, lane=(old.partition + 1) % 3)


def change_the_key(records: Records) -> Records:
    old = one(records, is_notification)
    return replaced(records, old, old._replace(key=b"a name"))


def change_the_id(records: Records) -> Records:
    return edited(records, is_notification, lambda event: event.update(id="00000000-0000-5000-8000-000000000000"))


def change_the_trace(records: Records) -> Records:
    old = one(records, is_notification)
    headers = tuple((n, v.replace(b"-01", b"-00") if n == "traceparent" else v) for n, v in old.headers or ())
    return replaced(records, old, old._replace(headers=headers))


def pass_a_header_on(records: Records) -> Records:
    old = one(records, is_notification)
    return replaced(records, old, old._replace(headers=(*(old.headers or ()), ("reply_to", b"elsewhere"))))


def swap_two_of_a_child(records: Records) -> Records:
    seen: dict[tuple[str, int, str, str], Record] = {}
    for record in records:
        if is_notification(record):
            event = document(record)
            flow = record.topic, record.partition, event["source"], event["subject"]
            if flow in seen and document(seen[flow])["origin"] != event["origin"]:
                first = seen[flow]
                records = replaced(records, first, record._replace(offset=first.offset))
                return replaced(records, record, first._replace(offset=record.offset))
            seen[flow] = record
    raise AssertionError("no child with two notifications")


def spoil_the_bytes(records: Records) -> Records:
    old = one(records, is_notification)
    return replaced(records, old, old._replace(value=(old.value or b"")[:-1]))


# -- receipts and dead letters


def drop_a_receipt(records: Records) -> Records:
    return without(records, one(records, is_receipt))


def double_a_receipt(records: Records) -> Records:
    return added(records, one(records, is_receipt))


def forge_a_receipt(records: Records) -> Records:
    """For an event that the sender never sent."""
    old = one(records, is_receipt)
    forged = saying(old, lambda event: (event.update(id="0" * 36), event["data"]["record"].update(offset=10**6)))
    return added(records, forged)


def hide_who_was_told(records: Records) -> Records:
    return edited(
        records, lambda r: is_receipt(r) and bool(document(r)["data"].get("told")), lambda e: e["data"].update(told=[])
    )


def drop_a_letter(records: Records) -> Records:
    return without(records, one(records, is_letter))


def double_a_letter(records: Records) -> Records:
    return added(records, one(records, is_letter))


def change_the_code_of_a_letter(records: Records) -> Records:
    return edited(records, is_letter, lambda letter: letter["faults"][0].update(code="HUB-999"))


def a_letter_for_what_was_accepted(records: Records) -> Records:
    entry = one(records, of_outcome("accepted"))
    letter = saying(one(records, is_letter), lambda letter: letter["at"].update(at(event_of(records, entry))))
    return added(records, letter, lane=entry.partition)


# -- the ledger


def edit_the_ledger(records: Records) -> Records:
    return edited(records, told_somebody, lambda entry: entry["decisions"][0].update(basis="because"))


def edit_the_ledger_and_chain_it_again(records: Records) -> Records:
    return chained_again(edit_the_ledger(records))


def drop_a_ledger_record(records: Records) -> Records:
    return without(records, one(records, unrepeated(records)))


def drop_a_ledger_record_and_chain_it_again(records: Records) -> Records:
    return chained_again(drop_a_ledger_record(records))


def cut_off_the_ledgers_tail(records: Records) -> Records:
    last = max((r for r in records if is_entry(r) and r.partition == 0), key=lambda r: r.offset)
    return without(records, last)


def double_a_ledger_record(records: Records) -> Records:
    return chained_again(added(records, one(records, of_outcome("rejected"))))


def swap_two_ledger_records(records: Records) -> Records:
    of_lane = sorted((r for r in records if is_entry(r) and r.partition == 0), key=lambda r: r.offset)
    for one_, other in pairwise(of_lane):
        if document(one_)["at"]["topic"] == document(other)["at"]["topic"]:
            records = replaced(records, one_, one_._replace(offset=other.offset))
            return chained_again(replaced(records, other, other._replace(offset=one_.offset)))
    raise AssertionError


def put_a_name_into_the_ledger(records: Records) -> Records:
    return chained_again(edited(records, of_outcome("accepted"), lambda entry: entry["event"].update(name="Mali")))


def name_another_signer(records: Records) -> Records:
    return chained_again(edited(records, of_outcome("accepted"), lambda entry: entry.update(signer="nobody")))


def lose_the_trace(records: Records) -> Records:
    return chained_again(edited(records, of_outcome("duplicate"), lambda entry: entry["trace"].update(span="0" * 16)))


def hide_what_is_answered(records: Records) -> Records:
    return chained_again(edited(records, answering, lambda entry: entry.pop("answers")))


def let_it_answer_another(records: Records) -> Records:
    return chained_again(edited(records, answering, lambda entry: entry["answers"].update(delivery="0" * 36)))


def put_a_name_into_an_answer(records: Records) -> Records:
    return chained_again(edited(records, answering, lambda entry: entry["answers"].update(role="Mali")))


def drop_an_event(records: Records) -> Records:
    return without(records, event_of(records, one(records, of_outcome("rejected"))))


def say_told_of_one_who_was_not(records: Records) -> Records:
    def tell(entry):
        decision = next(d for d in entry["decisions"] if not d["told"] and d["recipient"].startswith("/"))
        decision.update(told=True, reason="entitled", view="police", topic="x", delivery="y", digest="z")

    def choose(record):
        entry = document(record) if is_entry(record) else {"decisions": ()}
        return any(not d["told"] and d["recipient"].startswith("/") for d in entry["decisions"])

    return chained_again(edited(records, choose, tell))


def say_not_told_of_one_who_was(records: Records) -> Records:
    def untell(entry):
        entry["decisions"] = [d for d in entry["decisions"] if not d["told"]]

    return chained_again(edited(records, told_somebody, untell))


def say_another_view(records: Records) -> Records:
    return chained_again(edited(records, told_somebody, lambda entry: entry["decisions"][0].update(view="outcome")))


def say_another_delivery(records: Records) -> Records:
    return chained_again(edited(records, told_somebody, lambda entry: entry["decisions"][0].update(delivery="0" * 36)))


def take_a_repeat_for_a_conflict(records: Records) -> Records:
    return chained_again(edited(records, of_outcome("duplicate"), lambda entry: entry.update(outcome="conflict")))


def name_a_first_that_is_not_there(records: Records) -> Records:
    return chained_again(edited(records, of_outcome("duplicate"), lambda entry: entry["first"].update(offset=10**6)))


def told_somebody(record: Record) -> bool:
    return is_entry(record) and any(decision["told"] for decision in document(record)["decisions"])


def answering(record: Record) -> bool:
    return is_entry(record) and "answers" in document(record)


def with_a_child(record: Record) -> bool:
    return is_notification(record) and bool(children(document(record)))


def children(event) -> list:
    data = event["data"]
    found = [item["child"] for item in data.get("children", ())] + ([data["child"]] if "child" in data else [])
    return [child for child in found if "reference" in child and "upn" not in child]


C = Code
FORGED = {C.CHAIN_HASH}
MUTATIONS: list[tuple[Break, set[Code]]] = [
    (drop_one, {C.LOST, C.BALANCE}),
    (double_one, {C.DOUBLED, C.BALANCE}),
    (deliver_a_repeat, {C.DOUBLED, C.BALANCE}),
    (show_a_field_more, {C.FIELD_BEYOND_VIEW, C.WRONG_DIGEST}),
    (show_another_child, {C.FIELD_BEYOND_VIEW, C.WRONG_DIGEST}),
    (leave_a_field_out, {C.FIELD_LEFT_OUT, C.WRONG_DIGEST}),
    (change_a_value, {C.VALUE_CHANGED, C.WRONG_DIGEST}),
    (name_another_view, {C.WRONG_VIEW_NAME, C.WRONG_DIGEST}),
    (name_another_subject, {C.WRONG_ENVELOPE, C.WRONG_DIGEST}),
    (move_to_another_agency, {C.WRONG_TOPIC, C.BALANCE}),
    (copy_to_another_agency, {C.NOBODY_ENTITLED, C.BALANCE}),
    (tell_another_agency, {C.NOBODY_ENTITLED, C.BALANCE}),
    (move_to_another_partition, {C.WRONG_PARTITION}),
    (change_the_key, {C.WRONG_KEY}),
    (change_the_id, {C.WRONG_ID, C.WRONG_DIGEST}),
    (change_the_trace, {C.WRONG_TRACE}),
    (pass_a_header_on, {C.WRONG_HEADERS}),
    (swap_two_of_a_child, {C.OUT_OF_ORDER}),
    (spoil_the_bytes, {C.OUTPUT_UNREADABLE, C.LOST, C.BALANCE}),
    (drop_a_receipt, {C.RECEIPT_MISSING, C.BALANCE}),
    (double_a_receipt, {C.RECEIPT_TWICE, C.BALANCE}),
    (forge_a_receipt, {C.RECEIPT_FOR_NOTHING, C.BALANCE}),
    (hide_who_was_told, {C.RECEIPT_WRONG}),
    (drop_a_letter, {C.LETTER_MISSING}),
    (double_a_letter, {C.LETTER_TWICE}),
    (change_the_code_of_a_letter, {C.LETTER_WRONG}),
    (a_letter_for_what_was_accepted, {C.LETTER_FOR_NOTHING}),
    (edit_the_ledger, {C.CHAIN_HASH, C.WRONG_REASON}),
    (edit_the_ledger_and_chain_it_again, {C.WRONG_REASON}),
    (drop_a_ledger_record, {C.NO_LEDGER_RECORD, C.CHAIN_NUMBER, C.CHAIN_HASH}),
    (drop_a_ledger_record_and_chain_it_again, {C.NO_LEDGER_RECORD}),
    (cut_off_the_ledgers_tail, {C.NO_LEDGER_RECORD}),
    (double_a_ledger_record, {C.LEDGER_TWICE}),
    (swap_two_ledger_records, {C.LEDGER_ORDER}),
    (put_a_name_into_the_ledger, {C.LEDGER_UNREADABLE, C.NO_LEDGER_RECORD}),
    (name_another_signer, {C.LEDGER_SAYS_OTHERWISE}),
    (lose_the_trace, {C.LEDGER_SAYS_OTHERWISE}),
    (hide_what_is_answered, {C.LEDGER_SAYS_OTHERWISE}),
    (let_it_answer_another, {C.LEDGER_SAYS_OTHERWISE}),
    (put_a_name_into_an_answer, {C.LEDGER_UNREADABLE, C.NO_LEDGER_RECORD}),
    (drop_an_event, {C.NO_INBOUND_RECORD}),
    (say_told_of_one_who_was_not, {C.TOLD_NOT_ENTITLED}),
    (say_not_told_of_one_who_was, {C.ENTITLED_NOT_TOLD}),
    (say_another_view, {C.WRONG_VIEW}),
    (say_another_delivery, {C.WRONG_REFERENCE}),
    (name_a_first_that_is_not_there, {C.FIRST_NOT_ACCEPTED, C.RECEIPT_WRONG}),
    (
        take_a_repeat_for_a_conflict,
        {C.REPEAT_OR_CONFLICT, C.WRONG_FAULTS, C.RECEIPT_WRONG, C.LETTER_MISSING},
    ),
]


@pytest.mark.parametrize(("break_it", "codes"), MUTATIONS, ids=lambda value: getattr(value, "__name__", ""))
def test_each_break_is_found_and_named(written, in_force, break_it, codes):
    report = audited(break_it(written), in_force)
    assert set(report.counts) == codes, report.violations
    assert all(violation.at for violation in report.violations)


def test_a_first_behind_its_repeat_is_found(written, in_force):
    repeat = next(
        entry
        for entry in written
        if is_entry(entry)
        and document(entry)["outcome"] == "duplicate"
        and document(entry)["first"]["topic"] == document(entry)["at"]["topic"]
    )
    late, early = document(repeat)["at"], document(repeat)["first"]
    first = next(e for e in written if is_entry(e) and {k: document(e)["at"][k] for k in early} == early)
    records = replaced(written, first, saying(first, lambda entry: entry.update(at=late)))
    behind = {name: late[name] for name in early}
    records = replaced(records, repeat, saying(repeat, lambda e: (e["at"].update(early), e.update(first=behind))))
    assert Code.FIRST_AFTER_REPEAT in audited(chained_again(records), in_force).counts


def test_every_violation_is_found_in_some_test():
    mutated = {code for _, codes in MUTATIONS for code in codes}
    elsewhere = {
        C.LEDGER_AHEAD, C.PARTITIONS, C.ACCEPTED_TWICE, C.REFUSED_THOUGH_VALID, C.TAKEN_THOUGH_INVALID,
        C.FIRST_AFTER_REPEAT,
        C.CUT_OFF, C.CHECKPOINT_FORGED,  # test_cut_off.py
        C.REDRIVE_WRONG,  # test_redriven.py
        C.HANDED_OVER_TWICE, C.ANSWERED_FOR_NOTHING, C.SENT_OUT_OF_ORDER,  # test_edges.py
    }  # fmt: skip
    assert mutated | elsewhere == set(Code)


def test_a_report_names_places_and_fields_and_never_what_a_field_holds(written, in_force):
    records = edited(
        show_a_field_more(change_a_value(written)),
        with_a_child,
        lambda event: children(event)[0].update({"enw": "Canari Melyn", "Canari Melyn": 1}),
    )
    report = audited(records, in_force)
    said = json.dumps(report.document())
    assert "AUD-306" in said
    assert "Canari" not in said
    assert "A123456789012" not in said
