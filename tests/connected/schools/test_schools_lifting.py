"""An education desk lifts what its schools are kept from: with a reason, recorded, and told to the sender."""

import re

import pytest

from adapters.schools.roles import Role
from contracts.access import Act
from tests.connected.schools.test_schools_in_time import kinds, taken
from tests.schools_ground import DESK, ENGLISH, WELSH, WELSH_DESK, Browser, Ground, encompass, told

pytestmark = pytest.mark.connected

PAGE = "/en/desks/cardiff-education/held-back"


@pytest.fixture
def disowned(schools: Ground) -> str:
    """A notice that Adamsdown opened, took on, and then called none of its own; its ref."""
    schools.person("dsp", (ENGLISH, Role.DSP), name="Sam Enghraifft", email="sam@adamsdown.example")
    schools.person("desk", (DESK, Role.DESK), name="Dilys Desg")
    ref = schools.receive(encompass())
    assert ref is not None
    with schools.served() as address, Browser.signed_in(address, "dsp") as browser:
        browser.get(f"/en/notices/{ref}")
        browser.post(f"/en/notices/{ref}/accept")
        browser.post(f"/en/notices/{ref}/not-ours", place="0")
    return ref


def fields(page: str) -> dict[str, str]:
    """Of the first form for lifting."""
    form = page[page.index('name="kind"') - 60 :]
    return dict(re.findall(r'name="(kind|ref|school)" value="([^"]+)"', form[: form.index("</form>")]))


def test_what_a_school_called_no_pupil_is_given_back_unread_with_a_new_deadline(schools: Ground, disowned: str) -> None:
    later = schools.receive(told("enquiries.started", ENGLISH, view="school"))
    with schools.served() as address, Browser.signed_in(address, "desk") as desk:
        page = desk.get(PAGE).text
        assert "Adamsdown Primary" in page
        assert "Sam Enghraifft" in page
        asked = fields(page)
        assert asked == {"kind": "not-our-child", "ref": disowned, "school": "6812003"}
        answer = desk.post(PAGE, reason="The roll was out of date: confirmed by telephone.", **asked)
        assert "No school has said so of a child." in answer.text
        assert desk.get(f"/en/notices/{disowned}").status_code == 404
    with schools.served() as address, Browser.signed_in(address, "dsp") as school:
        inbox = school.get("/en/schools/6812003").text
        for ref in (disowned, later):
            assert inbox.index(str(ref)) < inbox.index('id="opened"')
            assert school.get(f"/en/notices/{ref}").status_code == 200
    assert schools.steps("restored") == [("restored", "not-our-child")] * 2
    pointers = schools.rows("SELECT address FROM schools.pointers WHERE why = 'restored'")
    assert [row.address for row in pointers] == ["sam@adamsdown.example"] * 2
    assert kinds(taken(schools)) == [
        "opened", "accepted-by", "refused", "escalated", "escalated", "restored", "restored", "opened", "opened",
    ]  # fmt: skip
    (record,) = [record for record in schools.accesses() if record.what == "not-our-child.lift"]
    (kept,) = schools.rows("SELECT id FROM schools.notices WHERE ref = :ref", ref=disowned)
    assert (record.by, record.act, record.for_party, record.about) == ("desk", Act.CHANGED, DESK, kept.id)
    assert record.why == "The roll was out of date: confirmed by telephone."


def test_what_is_given_back_and_not_opened_is_passed_on_again(schools: Ground, disowned: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "desk") as desk:
        desk.post(PAGE, reason="x", **fields(desk.get(PAGE).text))
    schools.later(hours=9)
    schools.later(hours=9)
    assert schools.steps("to-%") == [
        ("to-desk", "not-our-child"),
        ("to-desk", "not-opened-in-time"),
        ("to-out-of-hours", "not-opened-in-time"),
    ]


def test_a_child_called_no_pupil_by_two_senders_names_is_given_back_whole(schools: Ground, disowned: str) -> None:
    """The school sees no more of a child if any one of its names is on that list: all of them come off."""
    half = "DELETE FROM schools.not_ours WHERE child = (SELECT min(child) FROM schools.not_ours) RETURNING *"
    (row,) = schools.rows(half)
    add = "INSERT INTO schools.not_ours VALUES (:party, :child, 'said-of-another', :person, :at) RETURNING 1"
    schools.rows(add, party=row.party, child=row.child, person=row.person, at=row.at)
    with schools.served() as address, Browser.signed_in(address, "desk") as desk:
        desk.post(PAGE, reason="x", **fields(desk.get(PAGE).text))
    assert schools.rows("SELECT 1 FROM schools.not_ours") == []


def test_a_shut_out_that_is_lifted_lets_the_head_in_again_and_the_sender_learns_it(schools: Ground) -> None:
    schools.person("head", (ENGLISH, Role.HEAD))
    schools.person("desk", (DESK, Role.DESK))
    ref = schools.receive(encompass())
    schools.receive(told("enquiries.started", DESK, view="education-desk", conflicts_of_interest=[ENGLISH]))
    with schools.served() as address:
        with Browser.signed_in(address, "head") as head:
            assert head.get(f"/en/notices/{ref}").status_code == 404
        with Browser.signed_in(address, "desk") as desk:
            page = desk.get(PAGE).text
            assert fields(page)["kind"] == "conflict-of-interest"
            desk.post(PAGE, reason="The allegation was unfounded; social services confirmed it.", **fields(page))
            assert "No head teacher is shut out." in desk.get(PAGE).text
        with Browser.signed_in(address, "head") as head:
            assert head.get(f"/en/notices/{ref}").status_code == 200
    (restored,) = [
        draft for draft in taken(schools, agency="cardiff-education") if draft.type.split(".")[3] == "restored"
    ]
    assert (restored.source, restored.data["reason"]) == (DESK, "conflict-of-interest")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "two\nlines"])
def test_nothing_is_lifted_without_a_reason(schools: Ground, disowned: str, reason: str) -> None:
    with schools.served() as address, Browser.signed_in(address, "desk") as desk:
        answer = desk.post(PAGE, reason=reason, **fields(desk.get(PAGE).text))
        assert answer.status_code == 422
        assert "Write the reason" in answer.text
    assert schools.steps("restored") == []


def test_nobody_but_that_desk_lifts_anything_and_each_attempt_is_recorded(schools: Ground, disowned: str) -> None:
    schools.person("vale", (WELSH_DESK, Role.DESK))
    asked = {"kind": "not-our-child", "ref": disowned, "school": "6812003", "reason": "x"}
    with schools.served() as address:
        for who in ("dsp", "vale"):
            with Browser.signed_in(address, who) as browser:
                assert browser.get(PAGE).status_code == 404
                assert browser.post(PAGE, **asked).status_code == 404
        with Browser.signed_in(address, "vale") as browser:
            theirs = "/en/desks/vale-of-glamorgan-education/held-back"
            assert "Adamsdown" not in browser.get(theirs).text
            assert browser.post(theirs, **asked).status_code == 404
        with Browser.signed_in(address, "desk") as browser:
            for wrong in (
                {"kind": "nonsense"},
                {"ref": "0" * 32},
                {"school": WELSH[-7:]},
                {"kind": "conflict-of-interest"},
            ):
                assert browser.post(PAGE, **{**asked, **wrong}).status_code == 404
    refused = [record.by for record in schools.accesses() if record.act is Act.REFUSED]
    assert refused == ["dsp", "dsp", "vale", "vale", "vale", *["desk"] * 4]
    assert len(schools.rows("SELECT 1 FROM schools.not_ours")) == 2


def test_the_desk_sees_who_was_told_and_whether_it_went(schools: Ground) -> None:
    schools.person("dsp", (ENGLISH, Role.DSP), name="Sam Enghraifft", email="sam@adamsdown.example")
    schools.person("two", (ENGLISH, Role.DEPUTY), name="Tom Enghraifft", email="tom@adamsdown.example")
    schools.person("desk", (DESK, Role.DESK))
    schools.receive(encompass())
    schools.rows("UPDATE schools.pointers SET sent_at = :at WHERE address LIKE 'sam@%' RETURNING 1", at=schools.now)
    schools.rows("UPDATE schools.pointers SET bounced_at = :at WHERE address LIKE 'tom@%' RETURNING 1", at=schools.now)
    with schools.served() as address, Browser.signed_in(address, "desk") as desk:
        board = desk.get("/en/desks/cardiff-education").text
    assert "Sam Enghraifft: told 26 Mar 2026, 23:55" in board
    assert "Tom Enghraifft: came back 26 Mar 2026, 23:55" in board
    assert "@" not in board
