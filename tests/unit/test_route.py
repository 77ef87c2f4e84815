"""Who is told of an event, and who is not."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.observe.labels import REASONS as EXPLAINED
from hub.route import ENTITLED, REASONS, route
from tests.unit.contracts.examples import example
from tests.unit.policy_cases import (
    CARDIFF,
    CHARITY,
    DIRECTORY,
    EDUCATION,
    EVERYBODY,
    FAR_SCHOOL,
    HEALTH,
    HOME_EDUCATED,
    NETWORK,
    OTHER_SCHOOL,
    OUTSIDE,
    POLICE,
    POLICY,
    PROBATION,
    PUBLISHED,
    SCHOOL,
    VALE,
    at_school,
    decisions,
    document,
    name_of,
    outcomes,
)

MEETING = {
    CARDIFF: "!is-sender",
    EDUCATION: "education",
    POLICE: "police",
    HEALTH: "health",
    PROBATION: "probation",
    CHARITY: "third-sector",
    SCHOOL: "school",
    OTHER_SCHOOL: "!not-on-roll",
    OUTSIDE: "!not-in-network",
}
"""What all kinds of participants are told of a step of Cardiff's, about one child of the first school."""

CORE_GROUP = MEETING | {CHARITY: "third-sector-core-group"}

EXPECTED: dict[str, dict[str, str]] = {
    "referrals.submitted": {CARDIFF: "social-services", POLICE: "!is-sender"},
    "referrals.acknowledged": {POLICE: "police"},
    "referrals.decided": MEETING | {OTHER_SCHOOL: "school"},
    "strategy-discussions.convened": MEETING | {OTHER_SCHOOL: "school"},
    "strategy-discussions.held": MEETING | {OTHER_SCHOOL: "school"},
    "strategy-discussions.record-shared": {POLICE: "police--strategy-record", SCHOOL: "school--strategy-record"},
    "enquiries.started": MEETING | {OTHER_SCHOOL: "school"},
    "enquiries.concluded": MEETING,
    "conferences.scheduled": MEETING,
    "conferences.held": MEETING,
    "conferences.summary-shared": MEETING,
    "conferences.record-shared": {POLICE: "police--conference-record", SCHOOL: "school--conference-record"},
    "conferences.core-group-scheduled": CORE_GROUP,
    "conferences.core-group-held": CORE_GROUP,
    "conferences.core-group-missed": CORE_GROUP,
    "register-changes.registered": MEETING,
    "register-changes.category-changed": MEETING,
    "register-changes.temporarily-registered": MEETING | {CARDIFF: "social-services"},
    "register-changes.removed": MEETING | {"relation:receiving-authority": "!no-such-relation"},
    "register-changes.enquiry-made": {CARDIFF: "social-services"},
    "circumstances.child-moved": MEETING | {CARDIFF: "social-services", VALE: "social-services", SCHOOL: "!is-sender"},
    "circumstances.school-changed": MEETING
    | {
        CARDIFF: "social-services",
        EDUCATION: "!is-sender",
        CHARITY: "!kind-not-listed",
        SCHOOL: "previous-school",
        OTHER_SCHOOL: "school",
    },
    "circumstances.coordinator-changed": MEETING,
    "circumstances.visit-missed": CORE_GROUP,
    "circumstances.identifier-changed": MEETING
    | {
        CARDIFF: "social-services",
        HEALTH: "!is-sender",
        CHARITY: "!kind-not-listed",
        OTHER_SCHOOL: "!kind-not-listed",
    },
    "notices.domestic-abuse-incident": {SCHOOL: "school-notice", OTHER_SCHOOL: "school-notice"},
    "receipts.delivered": {POLICE: "receipt"},
    "receipts.opened": {POLICE: "receipt"},
    "receipts.accepted-by": {POLICE: "receipt"},
    "receipts.refused": {POLICE: "receipt"},
    "receipts.asked": {POLICE: "receipt"},
    "receipts.escalated": {POLICE: "receipt"},
    "receipts.gap": {},
    "receipts.restored": {POLICE: "receipt"},
    "receipts.system-off": {},
}
"""Of each example, with participants of every kind: view, or reason for not being told. Written from domain.md."""


def with_everybody(short):
    return document(short, {} if short.startswith("receipts.") else {("participants",): list(EVERYBODY)})


def incident(*educations, conflicts=()):
    """A notice about as many children as there are places of education (two at most)."""
    notice = document("notices.domestic-abuse-incident", {("conflicts_of_interest",): list(conflicts)})
    notice["data"]["children"] = notice["data"]["children"][: len(educations)]
    for item, education in zip(notice["data"]["children"], educations, strict=True):
        item["child"]["education"] = education
    return notice


def test_every_published_type_has_an_expectation():
    assert {name_of(short) for short in EXPECTED} == set(PUBLISHED) == set(POLICY.types)


@pytest.mark.parametrize("short", EXPECTED)
def test_each_type_tells_exactly_those_who_may_be_told(short):
    assert outcomes(with_everybody(short)) == EXPECTED[short]


def test_a_receipt_of_the_hub_is_routed_by_nobody():
    assert outcomes(example("receipts.accepted")) == {}


def test_a_decision_names_rule_basis_agreement_and_relation():
    (told,) = (found for found in decisions(example("referrals.submitted")) if found.told)
    assert (told.recipient, told.rule, told.basis, told.agreement, told.relation, told.reason) == (
        CARDIFF,
        "referrals.toml#report-to-authority",
        "sswba-2014-s130",
        "ISP-CP-01",
        "responsible-authority",
        ENTITLED,
    )


def test_the_police_are_told_of_a_report_only_where_a_crime_is_possible():
    report = document("referrals.submitted", {("referrer",): HEALTH}) | {"source": HEALTH}
    assert outcomes(report)[POLICE] == "police-investigating"
    report["data"]["possible_crime"] = False
    assert outcomes(report) == {CARDIFF: "social-services", POLICE: "!not-called-for"}


@pytest.mark.parametrize(
    ("referrer", "view"),
    [
        (HEALTH, "health"),
        (PROBATION, "probation"),
        (EDUCATION, "education"),
        (SCHOOL, "school"),
        ("/schools/6732109", "outcome"),
        (CHARITY, "outcome"),
    ],
)
def test_the_decision_always_goes_back_to_the_referrer(referrer, view):
    assert outcomes(document("referrals.decided", {("referrer",): referrer})) == {referrer: view}


def test_a_member_of_the_core_group_learns_whose_child_it_is_at_registration():
    members = [CARDIFF, CHARITY]
    registered = document("register-changes.registered", {("core_group",): members, ("participants",): members})
    assert outcomes(registered)[CHARITY] == "third-sector-core-group"


def test_the_area_where_a_child_stays_is_told_of_a_temporary_registration():
    stay = document("register-changes.temporarily-registered", {("responsible_authority",): "powys-social-services"})
    found = {decision.recipient: decision for decision in decisions(stay)}
    assert found["/agencies/dyfed-powys-police"].reason == "not-in-network"
    assert found[POLICE].rule == "register-changes.toml#stay-to-police"
    assert found[HEALTH].rule == "register-changes.toml#stay-to-health"


def test_a_removal_by_transfer_tells_the_receiving_authority():
    removed = document("register-changes.removed", {("to_authority",): "vale-of-glamorgan-social-services"})
    assert outcomes(removed)[VALE] == "social-services"


# Education desks


def test_a_home_educated_child_is_told_to_the_education_desk_and_not_to_a_school():
    assert outcomes(incident(HOME_EDUCATED)) == {
        "relation:school-of-child": "!no-such-relation",
        EDUCATION: "education-desk-notice",
    }


@pytest.mark.parametrize("status", ["independent-school", "missing-education", "unknown", "further-education"])
def test_any_child_of_school_age_on_no_roll_is_told_to_the_education_desk(status):
    assert outcomes(incident({"status": status}))[EDUCATION] == "education-desk-notice"


@pytest.mark.parametrize("status", ["below-school-age", "above-school-age"])
def test_nobody_stands_in_for_a_school_that_a_child_is_too_young_or_too_old_for(status):
    assert outcomes(incident({"status": status})) == {"relation:school-of-child": "!no-such-relation"}


def test_an_unborn_child_is_told_to_no_school_and_no_education_desk():
    held = outcomes(example("conferences.held"))
    assert held[SCHOOL] == "school"
    assert EDUCATION not in held


def test_a_school_in_conflict_is_not_told_and_the_education_desk_is_in_its_place():
    notice = incident(at_school(SCHOOL), at_school(OTHER_SCHOOL), conflicts=[SCHOOL])
    assert outcomes(notice) == {
        SCHOOL: "!conflict-of-interest",
        OTHER_SCHOOL: "school-notice",
        EDUCATION: "education-desk-notice",
    }


def test_the_education_desk_is_told_in_place_of_a_school_that_takes_no_part():
    assert outcomes(incident(at_school(FAR_SCHOOL))) == {
        FAR_SCHOOL: "!not-in-network",
        EDUCATION: "education-area-notice",
    }


def test_a_conflicted_education_desk_is_not_told_either():
    assert outcomes(incident(HOME_EDUCATED, conflicts=[EDUCATION]))[EDUCATION] == "!conflict-of-interest"


# What stops a rule


@pytest.mark.parametrize("party", [POLICE, HEALTH, SCHOOL])
def test_a_party_with_a_conflict_of_interest_is_not_told(party):
    held = document(
        "conferences.summary-shared",
        {("participants",): [CARDIFF], ("conflicts_of_interest",): [party]},
    )
    assert party not in outcomes(held)
    scheduled = document("enquiries.started", {("participants",): [], ("conflicts_of_interest",): [party]})
    assert outcomes(scheduled)[party] == "!conflict-of-interest"


def test_the_school_that_a_shielded_child_left_is_not_told_where_the_child_went():
    moved = document("circumstances.school-changed", {("child", "shielded"): True})
    assert outcomes(moved)[SCHOOL] == "!shielded"
    assert outcomes(moved)[OTHER_SCHOOL] == "school"


def test_the_third_sector_is_not_told_of_a_shielded_childs_move():
    moved = document("circumstances.child-moved", {("child", "shielded"): True, ("participants",): [CHARITY]})
    assert outcomes(moved)[CHARITY] == "!shielded"


@pytest.mark.parametrize(
    ("on", "outcome"),
    [
        (date(2024, 8, 31), "!agreement-not-started"),
        (date(2024, 9, 1), "police"),
        (date(2030, 8, 31), "police"),
        (date(2030, 9, 1), "!agreement-lapsed"),
    ],
)
def test_nothing_is_shared_outside_an_agreements_days(on, outcome):
    assert outcomes(example("enquiries.started"), on=on)[POLICE] == outcome


def test_a_party_that_takes_no_part_in_the_network_is_not_told():
    report = document("referrals.submitted", {("responsible_authority",): "powys-social-services"})
    assert outcomes(report) == {
        "/agencies/powys-social-services": "!not-in-network",
        "/agencies/dyfed-powys-police": "!not-in-network",
    }


def test_an_unknown_authority_has_no_police_and_no_health_board():
    started = document("enquiries.started", {("responsible_authority",): "nowhere", ("participants",): []})
    found = outcomes(started)
    assert found["relation:police-of-area"] == found["relation:health-board-of-area"] == "!no-such-relation"


def test_a_sender_is_not_told_of_its_own_event_though_a_rule_names_it():
    assert outcomes(example("referrals.acknowledged") | {"source": POLICE})[POLICE] == "!is-sender"


def test_the_first_rule_that_fits_decides_and_a_later_one_cannot_overrule_it():
    started = document("enquiries.started", {("participants",): [POLICE]})
    (police,) = (found for found in decisions(started) if found.recipient == POLICE)
    assert police.rule == "enquiries.toml#enquiry-to-police"


def test_a_rule_that_does_not_fit_is_passed_over_for_one_that_does():
    decided = document("referrals.decided", {("referrer",): "/schools/6732109"})
    (school,) = decisions(decided)
    assert school.rule == "referrals.toml#outcome-to-referrer"


def test_a_school_that_takes_part_but_has_no_child_of_the_event_on_its_roll_is_not_told():
    held = document("conferences.core-group-held", {("participants",): [*EVERYBODY, "/schools/6732109"]})
    assert outcomes(held)["/schools/6732109"] == "!not-on-roll"


def test_each_school_is_told_once_however_many_of_its_pupils_the_event_is_about():
    notice = incident(at_school(SCHOOL), at_school(SCHOOL))
    assert outcomes(notice) == {SCHOOL: "school-notice"}


def test_decisions_come_in_the_same_order_every_time():
    once = decisions(with_everybody("conferences.held"))
    assert once == decisions(with_everybody("conferences.held"))


def test_every_reason_is_explained_to_readers_in_both_languages():
    assert set(EXPLAINED) >= REASONS


# Whatever the event: nobody outside the policy

SCHOOLS = (SCHOOL, OTHER_SCHOOL, "/schools/6732109", FAR_SCHOOL)
PARTIES = (*EVERYBODY, VALE, *SCHOOLS, "/agencies/powys-social-services")
education = st.one_of(
    st.sampled_from(SCHOOLS).map(at_school),
    st.sampled_from(["home-educated", "below-school-age", "unknown"]).map(lambda status: {"status": status}),
)


@st.composite
def events(draw):
    """An example with other participants, conflicts, schools and shielding (the rules between fields are not kept)."""
    short = draw(st.sampled_from([name for name in EXPECTED if not name.startswith(("receipts.", "circumstances.s"))]))
    event = document(short)
    data = event["data"]
    data["conflicts_of_interest"] = draw(st.lists(st.sampled_from(PARTIES), max_size=3, unique=True))
    here = [party for party in PARTIES if party not in data["conflicts_of_interest"]]
    data["participants"] = draw(st.lists(st.sampled_from(here), max_size=6, unique=True)) if here else []
    if "core_group" in data:
        data["core_group"] = draw(st.lists(st.sampled_from(PARTIES), max_size=3, unique=True))
    for item in [*data.get("children", []), *([data] if "child" in data else [])]:
        if item["child"].get("education"):
            item["child"]["education"] = draw(education)
        item["child"]["shielded"] = draw(st.booleans())
    return event


def children_of(event):
    data = event["data"]
    return [item["child"] for item in data.get("children", [])] or [data["child"]]


def attributes(part):
    """The same JSON with fields as attributes: `route` reads no more of an event than that."""
    if isinstance(part, list):
        return [attributes(item) for item in part]
    return Attributes(part) if isinstance(part, dict) else part


class Attributes:
    def __init__(self, part):
        self._part = part

    def __getattr__(self, name):
        return attributes(self._part.get(name))


@settings(max_examples=300, deadline=None)
@given(event=events(), on=st.dates(date(2024, 1, 1), date(2031, 12, 31)))
def test_nobody_is_told_whom_the_event_does_not_call_for(event, on):
    decided = route(attributes(event), policy=POLICY, directory=DIRECTORY, network=NETWORK, on=on)
    data, children = event["data"], children_of(event)
    schools = {
        f"/schools/{child['education']['school']}" for child in children if (child.get("education") or {}).get("school")
    }
    copies = {copy["party"] for copy in data.get("copies", ())}
    area = {CARDIFF, EDUCATION, POLICE, HEALTH}
    named = area | schools | copies | {*data["participants"], *data.get("core_group", ()), data.get("referrer")}
    named |= {VALE} if event["type"] == name_of("circumstances.child-moved") else set()
    told = {decision.recipient for decision in decided if decision.told}
    assert told <= named
    assert told <= NETWORK.parties
    assert event["source"] not in told
    assert told.isdisjoint(data["conflicts_of_interest"])
    assert not told or date(2024, 9, 1) <= on <= date(2030, 8, 31)
    for party in told:
        if party.startswith("/schools/"):
            assert party in schools or party == data.get("referrer")
    assert len({decision.recipient for decision in decided}) == len(decided)
    assert all(decision.told == bool(decision.view) == (decision.reason == ENTITLED) for decision in decided)
