"""The models of all event types: what they take, and by which rule they refuse the rest."""

import json
import re
from typing import Any

import pytest
from examples import FOLDER, GONE, changed, example, strings
from pydantic import ValidationError

from contracts.directory import Directory
from contracts.envelope import data_schema
from contracts.event_type import EventType
from contracts.kinds import Kind
from contracts.registry import REGISTRY
from contracts.rules import TEXTS, Rule
from contracts.topics import Family

OTHER = "00000000-0000-4000-8000-000000000000"
STATEMENT = {"text": "Invented.", "language": "en"}
VOICE = {"status": "not-captured", "reason": "too-young", "explanation": STATEMENT}
CHILD = ("data", "children", 0, "child")
FIRST = ("data", "children", 0)


def broken_rules(event: dict[str, Any]) -> set[tuple[str, str]]:
    """(path, rule) of each thing that the model of an event's own type finds wrong."""
    try:
        REGISTRY[event["type"]].model.model_validate_json(json.dumps(event))
    except ValidationError as error:
        return {(".".join(map(str, e["loc"])), e["type"]) for e in error.errors(include_input=False)}
    return set()


def rules(event: dict[str, Any]) -> set[str]:
    return {rule for _, rule in broken_rules(event)}


@pytest.mark.parametrize("event_type", REGISTRY.values(), ids=lambda t: t.name)
def test_the_example_of_each_type_is_taken(event_type: EventType) -> None:
    text = (FOLDER / f"{event_type.name}.json").read_text(encoding="utf-8")
    event = event_type.model.model_validate_json(text)
    assert event.type == event_type.name


def test_there_is_an_example_for_each_type_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(REGISTRY)


@pytest.mark.parametrize("event_type", REGISTRY.values(), ids=lambda t: t.name)
def test_type_family_and_schema_of_a_model_agree(event_type: EventType) -> None:
    fields = event_type.model.model_fields
    assert event_type.name.split(".")[:3] == ["wales", "child-protection", event_type.family.value]
    assert fields["dataschema"].annotation.__args__ == (data_schema(event_type.name),)


def test_every_family_has_a_type() -> None:
    assert {event_type.family for event_type in REGISTRY.values()} == set(Family)


@pytest.mark.parametrize("event_type", REGISTRY.values(), ids=lambda t: t.name)
def test_each_type_has_its_titles_in_both_languages(event_type: EventType) -> None:
    assert event_type.title_en
    assert event_type.title_cy
    assert event_type.title_cy != event_type.title_en
    assert event_type.summary.endswith(".")


def test_titles_tell_types_apart_in_both_languages() -> None:
    assert len({t.title_en for t in REGISTRY.values()}) == len({t.title_cy for t in REGISTRY.values()}) == len(REGISTRY)


def test_only_social_services_decide() -> None:
    alone = frozenset({Kind.SOCIAL_SERVICES})
    for family in (Family.STRATEGY_DISCUSSIONS, Family.ENQUIRIES, Family.CONFERENCES):
        assert {t.publishers for t in REGISTRY.values() if t.family is family} == {alone}


def test_only_police_send_notices_and_only_the_hub_its_receipts() -> None:
    assert REGISTRY["wales.child-protection.notices.domestic-abuse-incident.v1"].publishers == {Kind.POLICE}
    for event in ("accepted", "duplicate", "rejected"):
        assert not REGISTRY[f"wales.child-protection.receipts.{event}.v1"].publishers


@pytest.mark.parametrize("event_type", REGISTRY.values(), ids=lambda t: t.name)
def test_examples_hold_invented_people_at_real_schools(event_type: EventType) -> None:
    text = (FOLDER / f"{event_type.name}.json").read_text(encoding="utf-8")
    assert all(number.startswith("999") for number in re.findall(r'"(\d{10})"', text) if not number.startswith("26"))
    schools = set(re.findall(r'"(?:/schools/)?(6\d{6})"', text))
    assert schools <= Directory.packaged().schools.keys()


@pytest.mark.parametrize("event_type", REGISTRY.values(), ids=lambda t: t.name)
def test_no_error_shows_a_value_at_any_path(event_type: EventType) -> None:
    event = json.loads((FOLDER / f"{event_type.name}.json").read_text(encoding="utf-8"))
    for path in strings(event):
        spoilt = changed(event, {path: "Cyfrinach\x00"})
        with pytest.raises(ValidationError) as caught:
            event_type.model.model_validate_json(json.dumps(spoilt))
        assert "Cyfrinach" not in str(caught.value)
        assert "Cyfrinach" not in str(caught.value.errors(include_input=False, include_context=False))


@pytest.mark.parametrize("event_type", REGISTRY.values(), ids=lambda t: t.name)
def test_every_text_of_every_event_has_a_form_or_a_length(event_type: EventType) -> None:
    event = json.loads((FOLDER / f"{event_type.name}.json").read_text(encoding="utf-8"))
    for path in set(strings(event)) - {("type",)}:
        assert broken_rules(changed(event, {path: "a" * 10_000})), path


@pytest.mark.parametrize("event_type", REGISTRY.values(), ids=lambda t: t.name)
def test_an_unknown_field_is_refused_at_every_level(event_type: EventType) -> None:
    event = json.loads((FOLDER / f"{event_type.name}.json").read_text(encoding="utf-8"))
    for path in {path[:-1] for path in strings(event) if isinstance(path[-1], str)}:
        assert "extra_forbidden" in rules(changed(event, {(*path, "unknown"): 1})), path


ENVELOPE = [
    ({("id",): "ABCDEF00-0000-4000-8000-000000000000"}, "string_pattern_mismatch"),
    ({("id",): GONE}, "missing"),
    ({("source",): "/agencies/Cardiff"}, "string_pattern_mismatch"),
    ({("subject",): OTHER}, "dolen_subject"),
    ({("specversion",): "0.3"}, "literal_error"),
    ({("dataschema",): "urn:dolen:schema:wales.child-protection.referrals.decided.v1"}, "literal_error"),
    ({("time",): "2026-03-27T09:30:00"}, "string_pattern_mismatch"),
    ({("time",): "1774603800"}, "string_pattern_mismatch"),
    ({("time",): "2026-03-27"}, "string_pattern_mismatch"),
    ({("time",): "2026-13-27T09:30:00Z"}, "datetime_from_date_parsing"),
    ({("time",): 1774603800}, "string_type"),
    ({("sequence",): 0}, "greater_than_equal"),
    ({("sequence",): "1"}, "int_type"),
    ({("traceparent",): "00-abc"}, "string_pattern_mismatch"),
    ({("data",): None}, "model_type"),
    ({("data",): GONE}, "missing"),
]


@pytest.mark.parametrize(("changes", "rule"), ENVELOPE, ids=lambda value: str(value)[:60])
def test_a_wrong_envelope_is_refused(changes: Any, rule: str) -> None:
    assert rules(changed(example("referrals.submitted"), changes)) == {rule}


CONTENT = [
    ("referrals.submitted", {(*CHILD, "nhs_number"): "9990000019"}, "dolen_nhs_number"),
    ("referrals.submitted", {(*CHILD, "upn"): "A660213021001"}, "dolen_upn"),
    ("referrals.submitted", {(*CHILD, "education", "school"): "8012000"}, "string_pattern_mismatch"),
    ("referrals.submitted", {(*CHILD, "education"): GONE}, "dolen_education"),
    ("referrals.submitted", {(*CHILD, "education"): {"status": "home-educated", "school": "6812003"}}, "none_required"),
    ("referrals.submitted", {(*CHILD, "education", "school"): GONE}, "missing"),
    ("referrals.submitted", {(*CHILD, "education", "status"): "at-sea"}, "dolen_variant"),
    ("referrals.submitted", {(*CHILD, "names"): GONE}, "dolen_born_child"),
    ("referrals.submitted", {(*CHILD, "date_of_birth"): GONE}, "dolen_born_child"),
    ("referrals.submitted", {(*CHILD, "date_of_birth"): "2017-05-14T00:00:00"}, "date_parsing"),
    ("referrals.submitted", {(*CHILD, "expected_delivery"): "2026-07-19"}, "dolen_unborn_child_mother"),
    ("referrals.submitted", {(*CHILD, "names", 0, "given"): "Ma\x07li"}, "string_pattern_mismatch"),
    ("referrals.submitted", {(*CHILD, "names", 0, "given"): "  "}, "string_pattern_mismatch"),
    ("referrals.submitted", {(*CHILD, "names", 0, "given"): "Mali\u202e"}, "string_pattern_mismatch"),
    ("referrals.submitted", {(*CHILD, "names", 0, "given"): "Mali\n"}, "string_pattern_mismatch"),
    ("referrals.submitted", {(*FIRST, "concern", "text"): "a\x00b"}, "string_pattern_mismatch"),
    ("referrals.submitted", {(*FIRST, "concern", "language"): GONE}, "missing"),
    ("referrals.submitted", {(*FIRST, "concern", "language"): "fr"}, "literal_error"),
    ("referrals.submitted", {(*FIRST, "child_voice"): GONE}, "missing"),
    ("referrals.submitted", {(*FIRST, "child_voice"): None}, "dict_type"),
    ("referrals.submitted", {(*FIRST, "child_voice", "words"): GONE}, "missing"),
    ("referrals.submitted", {(*FIRST, "child_voice"): {**VOICE, "reason": GONE}}, "missing"),
    ("referrals.submitted", {(*FIRST, "suspected_categories"): []}, "dolen_empty"),
    ("referrals.submitted", {(*FIRST, "suspected_categories"): ["neglect", "neglect"]}, "dolen_category_twice"),
    ("referrals.submitted", {(*FIRST, "suspected_categories"): ["neglect"] * 6}, "too_long"),
    ("referrals.submitted", {(*FIRST, "suspected_categories"): ["poverty"]}, "enum"),
    ("referrals.submitted", {(*FIRST, "immediate_danger"): "false"}, "bool_type"),
    ("referrals.submitted", {("data", "family_informed"): GONE}, "missing"),
    ("referrals.submitted", {("data", "family_informed"): {"informed": "no"}}, "missing"),
    ("referrals.submitted", {("data", "family_informed"): {"informed": "perhaps"}}, "dolen_variant"),
    ("referrals.submitted", {("data", "children"): []}, "dolen_empty"),
    ("referrals.submitted", {("data", "responsible_authority"): GONE}, "missing"),
    ("referrals.submitted", {("data", "observed_at"): "2026-03-26T22:40:00"}, "string_pattern_mismatch"),
    (
        "referrals.submitted",
        {("data", "participants"): ["/schools/6812003"], ("data", "conflicts_of_interest"): ["/schools/6812003"]},
        "dolen_conflict_takes_part",
    ),
    ("referrals.decided", {(*FIRST, "reasons_for_referrer"): GONE}, "missing"),
    ("referrals.decided", {(*FIRST, "decision"): "wait"}, "literal_error"),
    ("strategy-discussions.convened", {("data", "invited", 1): GONE}, "dolen_quorum"),
    ("strategy-discussions.convened", {("data", "participants"): []}, "dolen_not_among_participants"),
    ("strategy-discussions.held", {("data", "attended", 1): GONE}, "dolen_quorum"),
    ("strategy-discussions.held", {(*FIRST, "enquiry"): GONE}, "dolen_section_47"),
    ("strategy-discussions.held", {(*FIRST, "section_47"): False}, "dolen_section_47"),
    ("strategy-discussions.held", {(*FIRST, "child_voice"): GONE}, "missing"),
    ("strategy-discussions.held", {("data", "absent", 0, "reason"): GONE}, "missing"),
    ("strategy-discussions.record-shared", {("data", "participants"): []}, "dolen_not_among_participants"),
    ("enquiries.concluded", {(*FIRST, "child_voice"): GONE}, "missing"),
    ("enquiries.concluded", {(*FIRST, "conference_due"): GONE}, "dolen_determination_3"),
    ("enquiries.concluded", {(*FIRST, "determination"): "D2"}, "dolen_determination_3"),
    (
        "enquiries.concluded",
        {(*FIRST, "determination"): "D1", (*FIRST, "conference_due"): GONE},
        "dolen_determination_1",
    ),
    ("enquiries.concluded", {("data", "children", 1, "child", "mother"): GONE}, "dolen_unborn_child_mother"),
    (
        "enquiries.concluded",
        {("data", "children", 1, "child", "names"): [{"given": "Baban", "family": "Enghraifft"}]},
        "dolen_unborn_child",
    ),
    ("enquiries.concluded", {("data", "children", 1, "child", "nhs_number"): "9990000042"}, "dolen_unborn_child"),
    ("conferences.scheduled", {("data", "last_lawful_date"): "2026-04-19"}, "dolen_late_conference"),
    ("conferences.scheduled", {("data", "late_because"): "other"}, "dolen_late_conference"),
    (
        "conferences.scheduled",
        {("data", "conference"): "pre-birth", ("data", "children", 1): GONE},
        "dolen_pre_birth",
    ),
    ("conferences.held", {(*FIRST, "child_voice"): GONE}, "missing"),
    ("conferences.held", {(*FIRST, "decision"): "do-not-register"}, "dolen_categories"),
    ("conferences.held", {(*FIRST, "categories"): GONE}, "dolen_categories"),
    ("conferences.held", {(*FIRST, "coordinator"): GONE}, "dolen_plan"),
    ("conferences.held", {(*FIRST, "first_core_group"): GONE}, "dolen_first_core_group"),
    ("conferences.held", {(*FIRST, "agency_views", 1, "reasons"): GONE}, "dolen_dissent_reasons"),
    ("conferences.held", {("data", "conference"): "review"}, "dolen_conference_decision"),
    ("conferences.held", {(*FIRST, "core_group"): ["/schools/6812111"]}, "dolen_not_among_participants"),
    ("register-changes.registered", {("data", "coordinator"): GONE}, "dolen_coordinator"),
    ("register-changes.registered", {("data", "categories"): []}, "dolen_empty"),
    ("register-changes.registered", {("data", "core_group"): ["/schools/6812111"]}, "dolen_not_among_participants"),
    ("register-changes.category-changed", {("data", "categories"): ["neglect"]}, "dolen_no_change"),
    ("register-changes.removed", {("data", "agency_views"): []}, "dolen_removal_views"),
    ("register-changes.removed", {("data", "progress"): GONE}, "dolen_removal_views"),
    ("register-changes.removed", {("data", "conference"): GONE}, "dolen_removal_conference"),
    ("register-changes.removed", {("data", "without_consensus"): False}, "dolen_consensus"),
    ("register-changes.removed", {("data", "reason"): GONE}, "missing"),
    ("register-changes.enquiry-made", {("data", "identity_checked"): GONE}, "missing"),
    ("circumstances.child-moved", {("data", "to_authority"): GONE}, "dolen_destination"),
    ("circumstances.child-moved", {("data", "destination"): "england"}, "dolen_destination"),
    ("circumstances.child-moved", {("data", "stay"): "permanent"}, "dolen_stay"),
    ("circumstances.school-changed", {("data", "new_school"): "6812003"}, "dolen_no_change"),
    ("circumstances.school-changed", {("data", "new_school"): "6812007"}, "dolen_new_school"),
    ("circumstances.coordinator-changed", {("data", "coordinator"): GONE}, "dolen_coordinator"),
    ("circumstances.visit-missed", {("data", "missed_in_a_row"): 0}, "greater_than_equal"),
    ("circumstances.identifier-changed", {("data", "nhs_number"): GONE}, "dolen_no_change"),
    ("circumstances.identifier-changed", {("data", "nhs_number", "previous"): "9990000042"}, "dolen_no_change"),
    ("notices.domestic-abuse-incident", {("data", "children", 1, "child", "reference"): GONE}, "missing"),
    ("notices.domestic-abuse-incident", {("data", "handling"): "ring-the-parents"}, "literal_error"),
    ("receipts.accepted", {("data", "told", 0, "view"): "What the child said"}, "string_pattern_mismatch"),
    ("receipts.rejected", {("data", "faults"): []}, "dolen_empty"),
    ("receipts.rejected", {("data", "faults", 0, "code"): "E1"}, "string_pattern_mismatch"),
    ("receipts.refused", {("data", "reason"): GONE}, "missing"),
]


@pytest.mark.parametrize(("name", "changes", "rule"), CONTENT, ids=lambda value: str(value)[:70])
def test_content_against_the_procedure_is_refused(name: str, changes: Any, rule: str) -> None:
    changes = {path: _without_gone(value) for path, value in changes.items()}
    assert rules(changed(example(name), changes)) == {rule}


def _without_gone(value: Any) -> Any:
    return {k: v for k, v in value.items() if v is not GONE} if isinstance(value, dict) else value


def test_the_table_above_tries_every_rule_that_the_models_name() -> None:
    tried = {rule for *_, rule in CONTENT} | {rule for _, rule in ENVELOPE}
    elsewhere = {Rule.CHILD_TWICE, Rule.PROGRESS, Rule.BORN_CHILD}
    assert {rule.value for rule in Rule} - tried <= {rule.value for rule in elsewhere}


def test_every_rule_has_its_text_in_both_languages() -> None:
    assert TEXTS.keys() == set(Rule)
    assert all(text.en and text.cy and text.en != text.cy for text in TEXTS.values())


def test_one_child_stands_once_in_an_event() -> None:
    event = example("referrals.decided")
    children = event["data"]["children"]
    assert rules(changed(event, {("data", "children"): [children[0], children[0]]})) == {"dolen_child_twice"}


def test_a_review_says_what_progress_was_made() -> None:
    event = changed(
        example("conferences.held"),
        {
            ("data", "conference"): "review",
            (*FIRST, "decision"): "stay-registered",
            ("data", "children", 1): GONE,
        },
    )
    assert rules(event) == {"dolen_progress"}
    assert rules(changed(event, {(*FIRST, "progress"): STATEMENT})) == set()


def test_an_unborn_child_is_registered_by_the_mother_and_the_expected_date() -> None:
    unborn = example("enquiries.concluded")["data"]["children"][1]["child"]
    event = changed(
        example("register-changes.registered"), {("subject",): unborn["reference"], ("data", "child"): unborn}
    )
    assert rules(event) == set()


def test_a_strategy_discussion_without_police_needs_the_senior_managers_reason() -> None:
    event = changed(example("strategy-discussions.held"), {("data", "attended", 1): GONE})
    assert rules(changed(event, {("data", "departure"): STATEMENT})) == set()


def test_a_child_without_a_coordinator_is_registered_when_the_senior_manager_knows() -> None:
    changes = {("data", "coordinator"): GONE, ("data", "senior_manager_told_at"): "2026-04-20T14:00:00+01:00"}
    assert rules(changed(example("register-changes.registered"), changes)) == set()


@pytest.mark.parametrize("text", ["Llŷr ap Tŷ'r Graig", "Zoë O’Neill-Ó Súilleabháin", "李小龙", "Nguyễn"])
def test_names_of_any_script_are_taken(text: str) -> None:
    assert rules(changed(example("referrals.submitted"), {(*CHILD, "names", 0, "given"): text})) == set()


def test_a_statement_may_have_paragraphs() -> None:
    event = changed(example("referrals.submitted"), {(*FIRST, "concern", "text"): "Un.\r\n\r\n\tDau.\n"})
    assert rules(event) == set()


@pytest.mark.parametrize("zone", ["Z", "+01:00", "-05:30"])
def test_a_time_with_any_zone_is_taken(zone: str) -> None:
    assert rules(changed(example("referrals.submitted"), {("time",): f"2026-03-27T09:30:00.123{zone}"})) == set()


def test_an_event_is_frozen() -> None:
    event = REGISTRY["wales.child-protection.referrals.submitted.v1"].model.model_validate(
        json.loads(json.dumps(example("referrals.submitted"))), strict=False
    )
    with pytest.raises(ValidationError):
        event.sequence = 2  # type: ignore[misc]
