"""What each recipient sees of an event."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.delivery import view_of
from contracts.registry import REGISTRY
from contracts.sharing import Sharing
from hub.minimise import delivered_subject, plan_of
from tests.unit.contracts.examples import example
from tests.unit.policy_cases import (
    CHARITY,
    EDUCATION,
    EVERYBODY,
    FAR_SCHOOL,
    HEALTH,
    HOME_EDUCATED,
    OTHER_SCHOOL,
    POLICE,
    POLICY,
    PUBLISHED,
    SCHOOL,
    VIEWS,
    at_school,
    decisions,
    document,
    seen,
)

MINIMISATION = """
                    ss police police-investigating health probation school school-notice previous-school
case                y  y      y                    y      y         y      y             y
identity            y  y      y                    y      y         y      y             y
nhs-number          y  -      -                    y      -         -      -             -
upn                 y  -      -                    -      -         y      y             y
police-reference    y  y      y                    -      y         -      -             -
encompass-reference y  y      y                    -      -         y      y             -
education           y  y      y                    y      -         y      y             y
stage               y  y      y                    y      y         y      y             -
register            y  y      y                    y      y         y      -             -
categories          y  y      y                    y      y         -      -             -
narrative           y  -      -                    -      -         -      y             -
voice               y  -      -                    -      -         -      y             -
reporter            y  -      y                    -      -         -      -             -
address             y  y      y                    y      y         s      s             -
family              y  y      y                    y      -         -      -             -
siblings            y  y      y                    y      -         -      -             -
health              y  -      -                    y      -         -      -             -
language            y  y      y                    y      y         y      y             -
contact             y  y      y                    y      y         y      y             y
attendance          y  y      y                    y      -         -      -             -

             education education-desk education-desk-notice education-area-notice third third-core outcome receipt
case                y  y              y                     y                     y            y          y       y
identity            y  y              y                     y                     -            y          -       -
nhs-number          -  -              -                     -                     -            -          -       -
upn                 y  y              y                     y                     -            -          -       -
police-reference    -  -              -                     -                     -            -          -       -
encompass-reference -  -              y                     y                     -            -          -       -
education           y  y              y                     y                     -            -          -       -
stage               y  y              y                     y                     y            y          y       -
register            y  y              -                     -                     -            y          -       -
categories          -  -              -                     -                     -            y          -       -
narrative           -  -              y                     y                     -            -          -       y
voice               -  -              y                     y                     -            -          -       -
reporter            -  -              -                     -                     -            -          -       -
address             s  s              s                     s                     -            -          -       -
family              -  -              -                     -                     -            -          -       -
siblings            -  -              -                     -                     -            -          -       -
health              -  -              -                     -                     -            -          -       -
language            y  y              y                     y                     -            y          -       -
contact             y  y              y                     y                     y            y          y       -
attendance          -  -              -                     -                     -            -          -       -
"""
"""The minimisation table of domain.md, section 4, written out by hand: y shown, - not shown, s unless shielded."""

SHORT = {"ss": "social-services", "third": "third-sector", "third-core": "third-sector-core-group"}

PROBES = {
    Sharing.CASE: ("referrals.submitted", "children.child.reference"),
    Sharing.IDENTITY: ("referrals.submitted", "children.child.names"),
    Sharing.NHS_NUMBER: ("referrals.submitted", "children.child.nhs_number"),
    Sharing.UPN: ("referrals.submitted", "children.child.upn"),
    Sharing.POLICE_REFERENCE: ("referrals.submitted", "police_references"),
    Sharing.ENCOMPASS_REFERENCE: ("notices.domestic-abuse-incident", "encompass_reference"),
    Sharing.EDUCATION: ("referrals.submitted", "children.child.education"),
    Sharing.STAGE: ("referrals.submitted", "children.harm"),
    Sharing.REGISTER: ("conferences.held", "children.decision"),
    Sharing.CATEGORIES: ("conferences.held", "children.categories"),
    Sharing.NARRATIVE: ("referrals.submitted", "children.concern"),
    Sharing.VOICE: ("referrals.submitted", "children.child_voice"),
    Sharing.REPORTER: ("referrals.submitted", "reporter"),
    Sharing.ADDRESS: ("referrals.submitted", "children.child.home_address"),
    Sharing.FAMILY: ("referrals.submitted", "children.household"),
    Sharing.SIBLINGS: ("referrals.submitted", "children.siblings"),
    Sharing.HEALTH: ("referrals.submitted", "children.health"),
    Sharing.LANGUAGE: ("referrals.submitted", "children.child.language"),
    Sharing.CONTACT: ("referrals.submitted", "contact"),
    Sharing.ATTENDANCE: ("conferences.held", "children.core_group"),
}
"""A field of each class."""


def table():
    """View, class and mark of each cell."""
    for block in MINIMISATION.strip("\n").split("\n\n"):
        heading, *rows = (line.split() for line in block.splitlines())
        for sharing, *marks in rows:
            for view, mark in zip(heading, marks, strict=True):
                yield SHORT.get(view, view), Sharing(sharing), mark


def probe(sharing, *, shielded, desk):
    """An event with a field of a class, about one child."""
    short, path = PROBES[sharing]
    event = document(short, {("children", 0, "child", "shielded"): shielded})
    del event["data"]["children"][1:]
    if short == "referrals.submitted":
        event["data"]["children"][0]["health"] = {"gp_practice": "W93001"}
    if desk:
        event["data"]["children"][0]["child"]["education"] = HOME_EDUCATED
    return event, path


def holds(part, path):
    """Whether something stands at a path (lists are stepped into)."""
    step, _, rest = path.partition(".")
    if isinstance(part, list):
        return any(holds(item, path) for item in part)
    return step in part and (not rest or holds(part[step], rest))


@pytest.mark.parametrize("shielded", [False, True], ids=["", "shielded"])
@pytest.mark.parametrize(("view", "sharing", "mark"), list(table()))
def test_each_view_shows_what_the_minimisation_table_says(view, sharing, mark, shielded):
    desk = view.startswith("education")
    event, path = probe(sharing, shielded=shielded, desk=desk)
    assert holds(event["data"], path)
    shown = plan_of(event["type"], POLICY.views[view])(event["data"], EDUCATION if desk else SCHOOL)
    assert holds(shown, path) == (mark == "y" or (mark == "s" and not shielded))


def test_the_table_has_every_view_and_every_class():
    cells = list(table())
    assert {view for view, _, _ in cells} == {name for name in POLICY.views if "--" not in name}
    assert {sharing for _, sharing, _ in cells} == set(Sharing)
    assert len(cells) == len(Sharing) * 16


# Schools


def test_a_school_sees_its_own_pupils_alone():
    notice = example("notices.domestic-abuse-incident")
    (mali,) = seen(notice, "school-notice", SCHOOL)["children"]
    (ifan,) = seen(notice, "school-notice", OTHER_SCHOOL)["children"]
    assert mali["child"]["names"][0]["given"] == "Mali"
    assert ifan["child"]["names"][0]["given"] == "Ifan"
    assert "place" in seen(notice, "school-notice", SCHOOL)


def test_a_school_sees_the_encompass_reference_and_no_other_of_the_police():
    shown = seen(example("notices.domestic-abuse-incident"), "school-notice", SCHOOL)
    assert shown["encompass_reference"] == "OE-2600123"
    assert "police_references" not in shown


def test_a_school_learns_from_no_list_of_another_school():
    held = document("conferences.held", {("participants",): [*EVERYBODY], ("conflicts_of_interest",): [FAR_SCHOOL]})
    shown = seen(held, "school", SCHOOL)
    assert "participants" not in shown
    assert "conflicts_of_interest" not in shown
    assert [entry["party"] for entry in shown["attended"]] == [SCHOOL]
    assert "core_group" not in shown["children"][0]


def test_a_list_without_an_entry_of_the_recipient_is_left_out():
    held = document("conferences.held", {("participants",): [*EVERYBODY]})
    assert "attended" not in seen(held, "third-sector", CHARITY)


def test_each_recipient_of_a_record_is_pointed_to_its_own_copy():
    shared = example("strategy-discussions.record-shared")
    (police,) = seen(shared, "police--strategy-record", POLICE)["copies"]
    (school,) = seen(shared, "school--strategy-record", SCHOOL)["copies"]
    assert (police["extent"], police["record"]["record"]) == ("full", "SD-2026-0001")
    assert (school["extent"], school["record"]["record"]) == ("partial", "SD-2026-0001-P")


def test_a_shielded_child_hides_the_address_of_brothers_and_sisters_too():
    notice = document("notices.domestic-abuse-incident", {("children", 1, "child", "shielded"): True})
    shown = seen(notice, "school-notice", SCHOOL)
    assert not holds(shown, "children.child.home_address")
    assert "place" not in shown


def test_a_school_is_not_told_to_which_area_a_shielded_child_moves():
    moved = example("circumstances.child-moved")
    assert "to_authority" in seen(moved, "school", SCHOOL)
    moved["data"]["child"]["shielded"] = True
    shown = seen(moved, "school", SCHOOL)
    assert "to_authority" not in shown
    assert "new_address" not in shown


@pytest.mark.parametrize("consent", [True, False])
def test_a_class_that_needs_consent_is_shown_only_beside_a_field_that_says_yes(consent):
    # `immediate_danger` stands in for the chair's consent: no type has such a field yet.
    view = POLICY.views["school"].model_copy(update={"agreed": {Sharing.CATEGORIES: "immediate_danger"}})
    report = document("referrals.submitted", {("children", 0, "immediate_danger"): consent})
    shown = plan_of(report["type"], view)(report["data"], SCHOOL)
    assert holds(shown, "children.suspected_categories") == consent
    assert not holds(seen_by_school(report), "children.suspected_categories")


def seen_by_school(event):
    return plan_of(event["type"], POLICY.views["school"])(event["data"], SCHOOL)


# Education desks


def two_children(one, other, *, conflicts=()):
    notice = document("notices.domestic-abuse-incident", {("conflicts_of_interest",): list(conflicts)})
    for item, education in zip(notice["data"]["children"], (one, other), strict=True):
        item["child"]["education"] = education
    return notice


def given_names(shown):
    return [item["child"]["names"][0]["given"] for item in shown["children"]]


def test_an_education_desk_in_place_of_a_school_sees_only_children_on_no_roll():
    notice = two_children(HOME_EDUCATED, at_school(SCHOOL))
    assert given_names(seen(notice, "education-desk-notice", EDUCATION)) == ["Mali"]


def test_an_education_desk_sees_the_pupils_of_a_school_in_conflict():
    notice = two_children(at_school(SCHOOL), at_school(OTHER_SCHOOL), conflicts=[OTHER_SCHOOL])
    assert given_names(seen(notice, "education-desk-notice", EDUCATION)) == ["Ifan"]


def test_an_education_desk_does_not_see_a_child_below_school_age():
    notice = two_children(HOME_EDUCATED, {"status": "below-school-age"})
    assert given_names(seen(notice, "education-desk-notice", EDUCATION)) == ["Mali"]


def test_an_education_desk_for_schools_out_of_reach_sees_all_children_of_the_incident():
    notice = two_children(at_school(FAR_SCHOOL), at_school(SCHOOL))
    assert given_names(seen(notice, "education-area-notice", EDUCATION)) == ["Mali", "Ifan"]


# The subject of a notification

MALI, IFAN = "1338f11c-3196-5796-9ded-d26e68bf4d52", "437fa993-c6cc-5f3f-bd16-a753b680869d"


def test_a_school_whose_pupil_is_not_the_subject_is_given_its_own_pupil_as_subject():
    data = example("notices.domestic-abuse-incident")["data"]
    assert delivered_subject(data, SCHOOL, MALI) == MALI
    assert delivered_subject(data, OTHER_SCHOOL, MALI) == IFAN
    assert delivered_subject(data, POLICE, MALI) == MALI


def test_an_education_desk_is_given_as_subject_a_child_that_it_is_shown():
    notice = two_children(at_school(SCHOOL), HOME_EDUCATED)
    shown = seen(notice, "education-desk-notice", EDUCATION)
    assert delivered_subject(shown, EDUCATION, MALI) == IFAN


def test_an_event_about_one_child_keeps_its_subject():
    data = example("register-changes.registered")["data"]
    assert delivered_subject(data, SCHOOL, MALI) == MALI
    assert delivered_subject({}, SCHOOL, MALI) == MALI


# Whatever the event


def short_of(name):
    return name.removeprefix("wales.child-protection.").removesuffix(".v1")


TOLD = [(name, found) for name in PUBLISHED for found in decisions(example(short_of(name))) if found.told]


@pytest.mark.parametrize(("name", "decision"), TOLD)
def test_every_notification_has_the_form_that_its_recipient_reads(name, decision):
    event = example(short_of(name))
    envelope = {
        "origin": event["id"],
        "recipient": decision.recipient,
        "view": decision.view,
        "data": seen(event, decision.view, decision.recipient),
    }
    view_of(REGISTRY[name].model).model_validate_json(json.dumps(event | envelope))


PLANS = sorted(
    (name, view) for name, listed in POLICY.types.items() for rule in listed.rules for view in rule.views.values()
)


def dirty(draw, part):
    """The same JSON with unknown keys at random places that a class does not cover."""
    if draw(st.booleans()):
        part["unknown"] = {"names": ["Mali"]}
    for key in ("child", "original", "mother"):
        if isinstance(part.get(key), dict):
            dirty(draw, part[key])
    for item in part.get("children", []):
        dirty(draw, item)
    return part


def paths(part, at=()):
    if isinstance(part, dict):
        for key, value in part.items():
            yield (*at, key)
            yield from paths(value, (*at, key))
    elif isinstance(part, list):
        for item in part:
            yield from paths(item, at)


@settings(max_examples=400, deadline=None)
@given(data=st.data(), plan=st.sampled_from(PLANS))
def test_nothing_is_shown_that_was_not_sent_and_nothing_unknown_passes(data, plan):
    name, view = plan
    event = example(short_of(name))
    whole = dirty(data.draw, event["data"])
    before = copy.deepcopy(whole)
    recipient = data.draw(st.sampled_from([SCHOOL, OTHER_SCHOOL, FAR_SCHOOL, EDUCATION, POLICE, HEALTH]))
    shown = VIEWS.minimise(name, whole, view, recipient)
    assert whole == before
    assert shown is not whole
    assert set(paths(shown)) <= set(paths(whole))
    assert "unknown" not in {path[-1] for path in paths(shown)}


@settings(max_examples=200, deadline=None)
@given(
    schools=st.lists(st.sampled_from([SCHOOL, OTHER_SCHOOL, FAR_SCHOOL, None]), min_size=2, max_size=2),
    short=st.sampled_from(["notices.domestic-abuse-incident", "enquiries.started", "strategy-discussions.held"]),
    recipient=st.sampled_from([SCHOOL, OTHER_SCHOOL, FAR_SCHOOL]),
)
def test_a_school_never_sees_the_child_of_another_school(schools, short, recipient):
    event = example(short)
    for item, school in zip(event["data"]["children"], schools, strict=True):
        item["child"]["education"] = at_school(school) if school else HOME_EDUCATED
    for view in ("school", "school-notice"):
        shown = plan_of(event["type"], POLICY.views[view])(event["data"], recipient)
        assert [item["child"]["education"]["school"] for item in shown["children"]] == [
            recipient.removeprefix("/schools/") for school in schools if school == recipient
        ]
        others = [
            item["child"]["reference"]
            for item, school in zip(event["data"]["children"], schools, strict=True)
            if school != recipient
        ]
        assert not any(reference in str(shown) for reference in others)
