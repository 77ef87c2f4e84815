"""What `dolen trace` shows of a notification, and that it says it in both languages."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from rich.console import Console
from trails import (
    ALSO_TOLD,
    DELIVERY,
    EVENT,
    NAMES,
    NOT_TOLD,
    SENDER,
    TOLD,
    ZERO,
    MemoryTopics,
    answer,
    entry,
    put_answer,
    rejected,
    repeat,
    story,
)

import hub
from contracts.events.receipts import EscalatedData, RefusedData, SystemOffData
from contracts.identity import delivery_id
from hub.observe.labels import REASONS, Label, Language, reason
from hub.observe.policy_diff import NOT_LISTED
from hub.observe.report import report
from hub.observe.search import find
from hub.observe.steps import Step, steps
from hub.observe.trail import Trail, query
from hub.observe.waterfall import BAR, bar, span, waterfall
from hub.route import REASONS as POLICY_REASONS

EN, CY = Language.EN, Language.CY


def trail_of(topics: MemoryTopics) -> Trail:
    asked = query(EVENT)
    assert asked is not None
    (trail,) = asyncio.run(find(asked, topics, NAMES))
    return trail


def drawn(trail: Trail, language: Language = EN, *, width: int = 200, now_ms: int = ZERO) -> str:
    console = Console(width=width, highlight=False, markup=False, emoji=False, file=None, color_system=None)
    with console.capture() as captured:
        console.print(waterfall(trail, language, now_ms=now_ms))
    return captured.get()


def full_story() -> MemoryTopics:
    topics = story()
    refused = answer("refused", delivery=delivery_id(SENDER, EVENT, ALSO_TOLD))
    put_answer(topics, refused, after_ms=7_400_000)
    return topics


def test_the_steps_follow_from_one_another() -> None:
    taken = steps(trail_of(full_story()), EN)
    assert [(step.depth, step.label, step.who) for step in taken] == [
        (0, Label.SENT, SENDER),
        (1, Label.DECIDED, "/hub"),
        (2, Label.TOLD, TOLD),
        (3, Label.DELIVERED, TOLD),
        (3, Label.OPENED, TOLD),
        (2, Label.TOLD, ALSO_TOLD),
        (3, Label.REFUSED, ALSO_TOLD),
        (2, Label.NOT_TOLD, NOT_TOLD),
        (2, Label.RECEIPT, SENDER),
        (0, Label.SENT, SENDER),
        (1, Label.REPEAT, "/hub"),
        (2, Label.RECEIPT, SENDER),
    ]


def test_times_count_from_the_brokers() -> None:
    taken = {(step.label, step.who): step for step in steps(trail_of(story()), EN)}
    assert taken[Label.OPENED, TOLD].start_ms == 125_000
    assert (taken[Label.TOLD, TOLD].start_ms, taken[Label.TOLD, TOLD].end_ms) == (4, 9)


def test_everything_that_was_asked_is_on_the_page() -> None:
    page = drawn(trail_of(full_story()))
    for wanted in (
        "sent south-wales-police",
        "told: entitled",
        "not told: the child is shielded",
        "view full",
        "referrals.toml#authority",
        "duty-to-report, ISP-CAV-1",
        "refused by the recipient cardiff-and-vale-health · not our child",
        "repeat, dropped · = referrals.v1/1/17",
        "+2 min 5 s",
        "hub.ledger.v1/1/2 #2",
        "holds",
        "policy 0a0a0a0a0a0a0a0a",
    ):
        assert wanted in page
    assert re.search(r"\b[0-9a-f]{64}\b", page)


def test_the_welsh_page_has_no_english_word_of_the_catalogue() -> None:
    page = drawn(trail_of(full_story()), CY)
    assert "Llwybr hysbysiad" in page
    assert "mae manylion y plentyn wedi'u gwarchod" in page
    english = [label.say(EN) for label in Label if " " in label.say(EN)]
    assert [text for text in english if text in page] == []


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("language", list(Language))
def test_no_line_is_longer_than_the_terminal(width: int, language: Language) -> None:
    lines = drawn(trail_of(full_story()), language, width=width).splitlines()
    assert max(len(line) for line in lines) <= width


def test_a_broken_chain_says_so() -> None:
    topics = story()
    del topics.records[NAMES.ledger, 1][0]
    assert "BROKEN" in drawn(trail_of(topics))


def test_a_refused_event_shows_its_codes_and_its_letter() -> None:
    topics = MemoryTopics()
    topics.decide(rejected(signer=None))
    page = drawn(trail_of(topics))
    assert "rejected · HUB-307" in page
    assert "Dead letter referrals.v1/1/17" in page
    assert "unproven: no valid signature" in page


def test_a_conflict_shows_its_letter_too() -> None:
    topics = story()
    conflict = [{"code": "HUB-401", "path": "id", "rule": ""}]
    topics.decide(repeat(at={"offset": 25}, faults=conflict) | {"outcome": "conflict"})
    page = drawn(trail_of(topics))
    assert "other content under this id · HUB-401" in page
    assert "Dead letter referrals.v1/1/25" in page


def test_an_event_that_concerned_nobody_says_so() -> None:
    topics = MemoryTopics()
    topics.decide(entry(decisions=[]))
    assert "No party was considered." in drawn(trail_of(topics))


def test_old_notifications_say_that_their_receipts_are_gone() -> None:
    trail = trail_of(story())
    assert "30 days" not in drawn(trail)
    assert "30 days" in drawn(trail, now_ms=ZERO + 31 * 86_400_000)


@pytest.mark.parametrize(
    ("milliseconds", "english", "welsh"),
    [
        (0, "+0 ms", "+0 ms"),
        (9_000, "+9,000 ms", "+9,000 ms"),
        (-12, "−12 ms", "−12 ms"),
        (61_000, "+1 min 1 s", "+1 mun 1 s"),
        (7_400_000, "+2 h 3 min", "+2 awr 3 mun"),
        (180_000_000, "+2 d 2 h", "+2 diwrnod 2 awr"),
    ],
)
def test_times_are_said_in_the_unit_that_a_person_would_use(milliseconds: int, english: str, welsh: str) -> None:
    assert (span(milliseconds, EN), span(milliseconds, CY)) == (english, welsh)


@pytest.mark.parametrize(
    ("start", "end", "drawn_as"),
    [
        (0, 0, "▏"),
        (0, 10, "█" * BAR),
        (5, 10, " " * (BAR // 2) + "█" * (BAR // 2)),
        (10, 10, " " * (BAR - 1) + "▏"),
        (11, 11, " " * (BAR - 1) + "▸"),
        (-5, -5, "◂"),
    ],
)
def test_a_bar_lies_where_its_step_lies(start: int, end: int, drawn_as: str) -> None:
    assert bar(Step(0, Label.SENT, "x", start, end), 10) == drawn_as


def test_the_report_holds_the_whole_trail_and_is_json() -> None:
    found = json.loads(json.dumps(report(trail_of(full_story()))))
    assert found["event"]["id"] == EVENT
    told, also, untold = found["decisions"]
    assert [given["kind"] for given in told["answers"]] == ["delivered", "opened"]
    assert [(given["kind"], given["reason"]) for given in also["answers"]] == [("refused", "not-our-child")]
    assert (untold["told"], untold["reason"], untold["answers"]) == (False, "shielded", [])
    assert told["delivery"] == DELIVERY
    accepted, duplicate = found["records"]
    assert accepted["ledger"]["chain_holds"] is True
    assert duplicate["first"]["offset"] == 17
    assert {"step": "opened", "depth": 3, "who": TOLD, "start_ms": 125_000, "end_ms": 125_000} in found["steps"]


def test_the_report_is_the_same_in_both_languages() -> None:
    said = json.dumps(report(trail_of(full_story())))
    for label in (Label.SHIELDED, Label.TOLD, Label.NOT_OUR_CHILD):
        assert label.say(CY) not in said


@pytest.mark.parametrize(("language", "said"), [(EN, "gap of 2 before 5"), (CY, "bwlch o 2 cyn 5")])
def test_a_notification_let_through_before_its_turn_says_how_many_did_not_come(language: Language, said: str) -> None:
    topics = story()
    put_answer(topics, answer("gap"), after_ms=50)
    (step,) = [step for step in steps(trail_of(topics), language) if step.label is Label.GAP]
    assert (step.note, step.good) == (said, None), "neither good news nor bad: most gaps mean nothing"


@pytest.mark.parametrize(
    ("language", "said"), [(EN, "it took nothing for five days"), (CY, "ni chymerodd ddim am bum diwrnod")]
)
def test_that_a_recipients_own_system_is_off_is_bad_news_with_its_reason(language: Language, said: str) -> None:
    topics = story()
    put_answer(topics, answer("system-off"), after_ms=50)
    (step,) = [step for step in steps(trail_of(topics), language) if step.label is Label.SYSTEM_OFF]
    assert (step.note, step.good) == (said, False)


def test_no_label_lacks_a_language() -> None:
    for label in Label:
        english, welsh = label.value
        assert english.strip()
        assert welsh.strip()
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", welsh))


def test_no_two_labels_are_one() -> None:
    assert len(list(Label)) == len(Label.__members__)


def test_every_label_is_used() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in Path(hub.__file__).parent.rglob("*.py"))
    assert [label.name for label in Label if not re.search(rf"Label\.{label.name}\b", text)] == []


def test_every_reason_of_the_policy_and_of_recipients_has_words() -> None:
    refusals = RefusedData.model_json_schema()["properties"]["reason"]["enum"]
    passed_on = EscalatedData.model_json_schema()["properties"]["reason"]["enum"]
    off = SystemOffData.model_json_schema()["properties"]["reason"]["enum"]
    assert {*POLICY_REASONS, *refusals, *passed_on, *off, NOT_LISTED} == set(REASONS)


def test_a_reason_that_is_newer_than_the_catalogue_is_shown_as_it_is() -> None:
    assert reason("brand-new", CY) == "brand-new"
