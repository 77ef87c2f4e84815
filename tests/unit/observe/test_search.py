"""From one id, all that belongs to a notification is found, and nothing that only claims to."""

import asyncio
from dataclasses import replace

import pytest
from trails import (
    DELIVERY,
    EVENT,
    NAMES,
    TRACE,
    ZERO,
    MemoryTopics,
    answer,
    entry,
    put_answer,
    rejected,
    repeat,
    story,
)

from contracts.identity import receipt_id
from hub.observe.search import find
from hub.observe.trail import AnswerKind, Trail, query


def found(text: str, topics: MemoryTopics) -> list[Trail]:
    asked = query(text)
    assert asked is not None
    return asyncio.run(find(asked, topics, NAMES))


@pytest.mark.parametrize(
    "asked",
    [
        EVENT,
        DELIVERY,
        TRACE,
        "referrals.v1/1/17",
        "referrals.v1/1/21",
        receipt_id("referrals.v1", 1, 17),
        EVENT.upper(),
    ],
    ids=["event", "notification", "trace", "record", "repeat", "receipt", "capitals"],
)
def test_each_kind_of_id_leads_to_the_same_trail(asked: str) -> None:
    (trail,) = found(asked, story())
    assert trail.main.entry.event.id == EVENT
    assert [record.entry.outcome for record in trail.records] == ["accepted", "duplicate"]
    assert [answer.kind for answer in trail.answers] == [AnswerKind.DELIVERED, AnswerKind.OPENED]


@pytest.mark.parametrize(
    "asked", ["00000000-0000-4000-8000-999999999999", "f" * 32, "referrals.v1/1/99", "referrals.v1/900/17"]
)
def test_an_id_that_nothing_has_leads_nowhere(asked: str) -> None:
    assert found(asked, story()) == []


@pytest.mark.parametrize(
    "text", ["", "Mali", "9990000018", "referrals.v1", "referrals.v1/x/1", "../1/1/1/", EVENT + "0"]
)
def test_text_that_is_no_id_asks_for_nothing(text: str) -> None:
    assert query(text) is None


def test_a_record_is_looked_for_in_its_own_lane_alone() -> None:
    topics = story()
    assert found("referrals.v1/2/99", topics) == []
    assert topics.reads == [(NAMES.ledger, (2,))]


def test_a_receipt_that_the_hub_refused_is_no_answer() -> None:
    topics = MemoryTopics()
    topics.decide(entry())
    put_answer(topics, answer("accepted-by"), after_ms=50, outcome="rejected")
    (trail,) = found(EVENT, topics)
    assert trail.answers == ()


def test_a_receipt_for_another_notification_is_no_answer() -> None:
    topics = MemoryTopics()
    topics.decide(entry())
    put_answer(topics, answer(delivery="00000000-0000-4000-8000-000000000001"), after_ms=50)
    (trail,) = found(EVENT, topics)
    assert trail.answers == ()


def test_an_answer_is_found_when_its_payload_is_long_gone() -> None:
    topics = MemoryTopics()
    topics.decide(entry())
    put_answer(topics, answer("refused"), after_ms=50)
    del topics.records["receipts.v1", 2]
    (trail,) = found(EVENT, topics)
    assert [(given.kind, given.reason) for given in trail.answers] == [(AnswerKind.REFUSED, "not-our-child")]
    assert {topic for topic, _ in topics.reads} == {NAMES.ledger}


def test_an_answer_that_came_twice_is_one_answer() -> None:
    topics = MemoryTopics()
    topics.decide(entry())
    put_answer(topics, answer("opened"), after_ms=50)
    put_answer(topics, answer("opened"), after_ms=90, outcome="duplicate")
    (trail,) = found(EVENT, topics)
    assert [given.kind for given in trail.answers] == [AnswerKind.OPENED]


def test_a_repeat_in_another_lane_belongs_to_the_trail() -> None:
    topics = story()
    topics.decide(repeat(at={"partition": 0, "offset": 2}, lane=0))
    (trail,) = found(DELIVERY, topics)
    assert sorted(record.entry.lane for record in trail.records) == [0, 1, 1]


def test_two_senders_that_chose_the_same_id_have_a_trail_each() -> None:
    topics = MemoryTopics()
    topics.decide(entry())
    name = entry()["event"] | {"source": "/agencies/cardiff-education"}
    topics.decide(entry(at={"offset": 30}, event=name, decisions=[], signer="cardiff-education"))
    assert [trail.main.entry.event.source for trail in found(EVENT, topics)] == [
        "/agencies/south-wales-police",
        "/agencies/cardiff-education",
    ]


def test_a_record_without_an_identity_is_found_by_its_place() -> None:
    topics = MemoryTopics()
    nameless = dict.fromkeys(entry()["event"])
    topics.decide(rejected(event=nameless, signer=None, receipt=None, receipt_to=None))
    (trail,) = found("referrals.v1/1/17", topics)
    assert trail.accepted is None
    assert trail.main.entry.faults[0].code == "HUB-307"


def test_an_event_that_was_mended_shows_its_refusal_and_its_acceptance() -> None:
    topics = MemoryTopics()
    topics.decide(rejected(at={"offset": 15, "time_ms": ZERO - 60_000}))
    topics.decide(entry())
    (trail,) = found(EVENT, topics)
    assert [record.entry.outcome for record in trail.records] == ["rejected", "accepted"]
    assert trail.main.entry.outcome == "accepted"


def test_the_chain_holds_around_every_record_that_nobody_touched() -> None:
    (trail,) = found(EVENT, story())
    assert all(record.chain_holds for record in trail.records)
    assert all(answer.recorded.chain_holds for answer in trail.answers)


def test_the_first_and_the_last_record_of_a_lane_hold_too() -> None:
    topics = MemoryTopics()
    topics.decide(entry())
    (trail,) = found(EVENT, topics)
    assert trail.main.chain_holds
    assert trail.main.named_by_the_next is None


@pytest.mark.parametrize("which", [-1, 0, 1], ids=["the-one-before", "itself", "the-next"])
def test_a_changed_record_breaks_the_chain(which: int) -> None:
    topics = story()
    lane = topics.records[NAMES.ledger, 1]
    at = next(number for number, record in enumerate(lane) if EVENT.encode() in (record.value or b""))
    record = lane[at + which]
    changed = (record.value or b"").replace(b'"size":1024', b'"size":1025')
    if which == 1:
        changed = changed.replace(b'"prev":"', b'"prev":"0')
    assert changed != record.value
    lane[at + which] = replace(record, value=changed)
    (trail,) = found(EVENT, topics)
    assert not trail.main.chain_holds


def test_a_removed_record_breaks_the_chain() -> None:
    topics = story()
    del topics.records[NAMES.ledger, 1][0]
    (trail,) = found(EVENT, topics)
    assert not trail.main.names_the_one_before


def test_a_notification_passed_on_says_why() -> None:
    topics = story()
    put_answer(topics, answer("escalated"), after_ms=200_000)
    put_answer(topics, answer("asked"), after_ms=210_000)
    (trail,) = found(EVENT, topics)
    last = trail.answers[-2:]
    assert [(said.kind, said.reason) for said in last] == [
        (AnswerKind.ESCALATED, "not-opened-in-time"),
        (AnswerKind.ASKED, ""),
    ]
