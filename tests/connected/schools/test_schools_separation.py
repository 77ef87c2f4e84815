"""A school sees its own pupils' notices and nobody else's, whatever address is tried; each attempt is recorded."""

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.roles import Role
from adapters.schools.store import people
from contracts.access import Act
from tests.schools_ground import DESK, ENGLISH, WELSH, WELSH_DESK, Browser, Ground, encompass, told

pytestmark = pytest.mark.connected

PAGES = ("/{language}/notices/{ref}", "/{language}/notices/{ref}/print", "/{language}/notices/{ref}/not-ours")
FORMS = ("/{language}/notices/{ref}/accept", "/{language}/notices/{ref}/ask", "/{language}/notices/{ref}/not-ours")


@pytest.fixture
def two(schools: Ground) -> dict[str, str]:
    """Two schools, each with a designated person, and a notice each; the refs by school."""
    schools.person("english", (ENGLISH, Role.DSP))
    schools.person("welsh", (WELSH, Role.DSP))
    schools.person("desk", (DESK, Role.DESK))
    refs = {party: schools.receive(encompass(party)) for party in (ENGLISH, WELSH)}
    return {party: ref for party, ref in refs.items() if ref is not None}


def test_another_schools_notice_is_not_there_and_the_attempt_is_recorded(schools: Ground, two: dict[str, str]) -> None:
    (theirs,) = schools.rows("SELECT id FROM schools.notices WHERE party = :party", party=WELSH)
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        token = browser.csrf()
        for language in ("cy", "en"):
            for page in PAGES:
                answer = browser.get(page.format(language=language, ref=two[WELSH]))
                assert answer.status_code == 404
                assert "Mal" not in answer.text
            for form in FORMS:
                path = form.format(language=language, ref=two[WELSH])
                fields = {"csrf": token, "words": "x", "place": "0"}
                assert browser.client.post(path, data=fields).status_code == 404
    refused = [record for record in schools.accesses() if record.act is Act.REFUSED]
    assert len(refused) == 12
    assert {(record.by, record.about) for record in refused} == {("english", theirs.id)}
    assert schools.steps("opened") == schools.steps("accepted") == schools.steps("refused") == []


def test_a_notice_of_another_and_one_that_is_not_there_look_the_same(schools: Ground, two: dict[str, str]) -> None:
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        theirs = browser.get(f"/en/notices/{two[WELSH]}")
        none = browser.get(f"/en/notices/{secrets.token_hex(16)}")
    assert (theirs.status_code, theirs.content.replace(two[WELSH].encode(), b"")) == (
        none.status_code,
        none.content.replace(none.url.path.rpartition("/")[2].encode(), b""),
    )


def test_refs_are_random_and_a_senders_own_ids_open_nothing(schools: Ground, two: dict[str, str]) -> None:
    for number in range(1, 20):
        schools.receive(encompass(number=number))
    refs = [row.ref for row in schools.rows("SELECT ref FROM schools.notices")]
    assert len(set(refs)) == len(refs) == 21
    assert all(len(ref) == 32 and int(ref, 16) for ref in refs)
    delivery = encompass()
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        # Who sent the event can work out the notification's id: it must not be a name for anything here.
        for guess in (delivery.id, delivery.origin, delivery.id.replace("-", ""), "1", "0" * 32, two[ENGLISH][:-1]):
            assert browser.get(f"/en/notices/{guess}").status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        f"/en{WELSH}",
        "/en/schools/6812004",
        "/en/schools/0000000",
        "/en/desks/cardiff-education",
        "/en/desks/vale-of-glamorgan-education",
        "/en/schools/6812003%27%20OR%201=1",
        "/en/schools/6812003/../6732178",
        "/xx/schools/6812003",
    ],
)
def test_another_schools_inbox_and_any_desks_board_are_not_there(
    schools: Ground, two: dict[str, str], page: str
) -> None:
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        assert browser.get(page).status_code == 404


def test_an_inbox_lists_its_own_schools_notices_alone(schools: Ground, two: dict[str, str]) -> None:
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        listed = browser.get("/en/schools/6812003").text
    assert two[ENGLISH] in listed
    assert two[WELSH] not in listed


def test_a_desk_reads_nothing_of_a_school_until_it_is_passed_on(schools: Ground, two: dict[str, str]) -> None:
    with schools.served() as address, Browser.signed_in(address, "desk") as browser:
        board = browser.get("/en/desks/cardiff-education").text
        assert "Adamsdown Primary" in board
        assert "Mal" not in board
        assert two[ENGLISH] not in board
        assert browser.get(f"/en/notices/{two[ENGLISH]}").status_code == 404
        schools.now = schools.now.replace(day=27, hour=8, minute=30)
        assert schools.pass_on() == 2
        browser.sign_in()
        assert browser.get(f"/en/notices/{two[ENGLISH]}").status_code == 200
        assert browser.get(f"/en/notices/{two[WELSH]}").status_code == 404


def test_a_person_of_two_schools_sees_both_and_no_third(schools: Ground, two: dict[str, str]) -> None:
    schools.person("both", (ENGLISH, Role.DSP), (WELSH, Role.DEPUTY))
    with schools.served() as address, Browser.signed_in(address, "both") as browser:
        for party, ref in two.items():
            assert ref in browser.get(f"/cy{party}").text
            assert browser.get(f"/cy/notices/{ref}").status_code == 200
        assert browser.get("/cy/schools/6812004").status_code == 404


def test_a_child_that_is_not_the_schools_pupil_is_seen_no_more(schools: Ground, two: dict[str, str]) -> None:
    earlier = schools.receive(told("conferences.scheduled", ENGLISH, view="school"))
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        browser.post(f"/en/notices/{two[ENGLISH]}/not-ours", place="0")
        for ref in (two[ENGLISH], earlier):
            assert browser.get(f"/en/notices/{ref}").status_code == 404
        assert "Mal" not in browser.get("/en/schools/6812003").text
        later = schools.receive(told("enquiries.started", ENGLISH, view="school"))
        assert browser.get(f"/en/notices/{later}").status_code == 404
    assert schools.steps("refused") == [("refused", None)]
    assert schools.steps("to-desk") == [("to-desk", "not-our-child")] * 2
    with schools.served() as address, Browser.signed_in(address, "desk") as browser:
        for ref in (two[ENGLISH], later):
            assert browser.get(f"/en/notices/{ref}").status_code == 200
            browser.post(f"/en/notices/{ref}/accept")
    assert schools.steps("accepted") == [("accepted", None)] * 2, "the child is somebody's all the same"


@pytest.mark.parametrize("place", ["", "9", "\N{SUPERSCRIPT TWO}", "-1", "Mali"])
def test_a_child_that_is_none_of_the_notices_is_not_called_no_pupil(
    schools: Ground, two: dict[str, str], place: str
) -> None:
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        assert browser.post(f"/en/notices/{two[ENGLISH]}/not-ours", place=place).status_code == 422
    assert schools.steps("refused") == []


def test_of_two_children_the_one_that_is_the_schools_stays(schools: Ground) -> None:
    schools.person("english", (ENGLISH, Role.DSP))
    siblings = encompass().model_dump(mode="json", exclude_none=True)["data"]["children"]
    other = encompass("/schools/6812111").model_dump(mode="json", exclude_none=True)["data"]["children"]
    other[0]["child"]["education"]["school"] = "6812003"
    delivery = encompass(number=3)
    document = delivery.model_dump(mode="json", exclude_none=True)
    document["data"]["children"] = [*siblings, *other]
    ref = schools.receive(type(delivery).model_validate_json(json.dumps(document)))
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        both = browser.get(f"/en/notices/{ref}").text
        assert "Mal Enghraifft" in both
        assert "Ifan Enghraifft" in both
        browser.post(f"/en/notices/{ref}/not-ours", place="1")
        left = browser.get(f"/en/notices/{ref}")
        assert left.status_code == 200
        assert "Mal Enghraifft" in left.text
        assert "He held his teddy" not in left.text
        assert "Ifan" not in left.text


def test_a_head_in_conflict_is_shut_out_of_the_childs_thread_and_others_are_not(
    schools: Ground, two: dict[str, str]
) -> None:
    schools.person("head", (ENGLISH, Role.HEAD))
    schools.person("head-and-dsp", (ENGLISH, Role.HEAD), (ENGLISH, Role.DSP))
    other = schools.receive(encompass("/schools/6812111"))
    with schools.served() as address, Browser.signed_in(address, "head") as browser:
        assert browser.get(f"/en/notices/{two[ENGLISH]}").status_code == 200
        # The hub tells the desk in the school's place; the school and its head are told nothing of it.
        schools.receive(told("enquiries.started", DESK, view="education-desk", conflicts_of_interest=[ENGLISH]))
        assert browser.get(f"/en/notices/{two[ENGLISH]}").status_code == 404
        assert two[ENGLISH] not in browser.get("/en/schools/6812003").text
    with schools.served() as address, Browser.signed_in(address, "head-and-dsp") as browser:
        assert browser.get(f"/en/notices/{two[ENGLISH]}").status_code == 404
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        assert browser.get(f"/en/notices/{two[ENGLISH]}").status_code == 200
    assert other is not None
    assert [record.by for record in schools.accesses() if record.act is Act.REFUSED] == ["head", "head-and-dsp"]


def test_whoever_is_removed_is_out_at_once(schools: Ground, two: dict[str, str]) -> None:
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        assert browser.get("/en/schools/6812003").status_code == 200
        assert schools.run(lambda connection: people.remove(connection, "english"))
        assert "/sign-in" in str(browser.get("/en/schools/6812003").url)
        assert "not on this portal" in browser.sign_in().text


def test_an_access_record_is_on_disk_for_everything_that_is_shown(schools: Ground, two: dict[str, str]) -> None:
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        for page in ("", "/print", "/not-ours"):
            browser.get(f"/en/notices/{two[ENGLISH]}{page}")
        browser.get("/en/schools/6812003")
    seen = [(record.act, record.what) for record in schools.accesses()]
    assert seen[-4:] == [
        (Act.VIEWED, "notification"),
        (Act.PRINTED, "notification"),
        (Act.VIEWED, "notification.not-ours"),
        (Act.VIEWED, "inbox"),
    ]
    said = "".join(record.model_dump_json() for record in schools.accesses())
    for personal in ("Mal", "Enghraifft", "A681200321001"):
        assert personal not in said


def test_nothing_is_shown_where_its_access_record_can_not_be_kept(schools: Ground, two: dict[str, str]) -> None:
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        schools.run(_alter("ADD CONSTRAINT full_disk CHECK (false) NOT VALID"))
        try:
            answer = browser.get(f"/en/notices/{two[ENGLISH]}")
        finally:
            schools.run(_alter("DROP CONSTRAINT full_disk"))
    assert answer.status_code == 500
    assert "Mal" not in answer.text
    assert schools.steps("opened") == []


def _alter(change: str) -> Callable[[AsyncConnection], Awaitable[Any]]:
    return lambda connection: connection.execute(text(f"ALTER TABLE schools.access_reports {change}"))


def test_a_school_that_merged_is_answered_for_by_its_successor(schools: Ground) -> None:
    schools.more = {"successors": {"6812004": "6812003"}}
    schools.person("english", (ENGLISH, Role.DSP))
    ref = schools.receive(encompass("/schools/6812004"))
    (kept,) = schools.rows("SELECT party, recipient, desk_at FROM schools.notices")
    assert tuple(kept) == (ENGLISH, "/schools/6812004", None)
    with schools.served() as address, Browser.signed_in(address, "english") as browser:
        assert browser.get(f"/en/notices/{ref}").status_code == 200


def test_the_other_authoritys_desk_sees_nothing(schools: Ground, two: dict[str, str]) -> None:
    schools.person("vale", (WELSH_DESK, Role.DESK))
    schools.now += timedelta(days=2)
    schools.pass_on()
    with schools.served() as address, Browser.signed_in(address, "vale") as browser:
        assert browser.get(f"/en/notices/{two[ENGLISH]}").status_code == 404
        assert browser.get(f"/en/notices/{two[WELSH]}").status_code == 200
        assert "Adamsdown" not in browser.get("/en/desks/vale-of-glamorgan-education").text
