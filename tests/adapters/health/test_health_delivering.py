"""A notification changes the health board's server once, however often it is delivered and whatever happens between."""

import copy
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.health.standin.server import outcome
from adapters.health.standin.store import Resource
from adapters.sdk.outcome import Delivered, Refused, Retry
from contracts.delivery import Delivery
from tests.adapters.health.parts import NHS, HealthBoard, notification

ELIN, BABY_RECORD = "p-902", "p-1200"


def _patient(name: str, number: str, *, given: str = "Mali", born: str = "2017-05-14", **more: Any) -> Resource:
    names = [{"use": "official", "family": "Enghraifft", "given": [given]}]
    return {
        "resourceType": "Patient", "id": name, "identifier": [{"system": NHS, "value": number}], "name": names,
        "birthDate": born, **more,
    }  # fmt: skip


MALI = _patient("p-4711", "9990000018")
MOTHER = _patient(ELIN, "9990000034", given="Elin", born="1995-02-11")

REGISTERED = notification("name-on-the-register")
CHANGED = notification("category-changed")
REMOVED = notification("name-off-the-register")
UNBORN = notification("unborn-child-on-the-register")


@pytest.fixture(autouse=True)
def _patients(board: HealthBoard) -> None:
    board.resources.put(MALI)
    board.resources.put(MOTHER)


def test_a_name_on_the_register_is_one_flag_and_one_communication_however_often_it_is_told(board: HealthBoard) -> None:
    assert board.deliver(REGISTERED, REGISTERED, REGISTERED) == [Delivered()] * 3
    (flag,) = board.flags()
    assert flag["status"] == "active"
    assert flag["subject"] == {"reference": "Patient/p-4711"}
    assert flag["period"] == {"start": "2026-04-20"}
    (told,) = board.communications()
    assert told["subject"] == {"reference": "Patient/p-4711"}
    assert "contained" not in told


def test_an_answer_that_is_lost_after_the_write_makes_no_second_flag(board: HealthBoard) -> None:
    async def lose(request: Request, answer: Response) -> Response:
        return outcome(503, "timeout") if answer.status_code == 201 else answer

    board.server.after = lose
    assert board.deliver(REGISTERED) == [Retry("unavailable")]
    assert len(board.flags()) == 1
    assert board.deliver(REGISTERED) == [Retry("unavailable")], "now the Communication's answer is lost"
    board.server.after = None
    assert board.deliver(REGISTERED) == [Delivered()]
    assert len(board.flags()) == len(board.communications()) == 1


def test_a_change_of_category_is_a_new_version_of_the_same_flag(board: HealthBoard) -> None:
    board.deliver(REGISTERED, CHANGED, CHANGED)
    (flag,) = board.flags()
    assert flag["meta"]["versionId"] == "2"
    assert flag["period"] == {"start": "2026-04-20"}
    before = board.resources.versions("Flag", flag["id"])[0]
    assert flag["extension"] != before["extension"]
    assert flag["code"]["text"] != before["code"]["text"]


def test_a_name_off_the_register_ends_its_flag_with_the_day(board: HealthBoard) -> None:
    assert board.deliver(REGISTERED, REMOVED, REMOVED, REGISTERED) == [Delivered()] * 4
    (flag,) = board.flags()
    assert flag["status"] == "inactive"
    assert flag["period"] == {"start": "2026-04-20", "end": REMOVED.data.removed_on.isoformat()}  # type: ignore[attr-defined]
    assert flag["meta"]["versionId"] == "2"


def test_a_name_off_the_register_of_one_authority_leaves_the_flag_of_another(board: HealthBoard) -> None:
    stay = notification("on-the-register-for-a-stay")
    assert stay.source != REGISTERED.source
    board.deliver(REGISTERED, stay, REMOVED)
    assert sorted(flag["status"] for flag in board.flags()) == ["active", "inactive"]
    (active,) = [flag for flag in board.flags() if flag["status"] == "active"]
    assert active["identifier"][0]["value"] == stay.id


def test_a_name_that_is_placed_on_the_register_again_has_a_flag_of_its_own(board: HealthBoard) -> None:
    again = notification("name-on-the-register", id="11111111-2222-5333-8444-555555555555")
    board.deliver(REGISTERED, REMOVED, again)
    assert sorted(flag["status"] for flag in board.flags()) == ["active", "inactive"]


def test_without_the_flag_a_removal_or_change_still_leaves_what_is_known(board: HealthBoard) -> None:
    board.deliver(REMOVED, REMOVED)
    (flag,) = board.flags()
    assert flag["status"] == "inactive"
    board.deliver(CHANGED, CHANGED)
    assert sorted(flag["status"] for flag in board.flags()) == ["active", "inactive"]


def test_what_somebody_else_wrote_in_the_flag_meanwhile_is_kept(board: HealthBoard) -> None:
    board.deliver(REGISTERED)
    touched = []

    async def somebody_else_first(request: Request) -> Response | None:
        if request.method == "PUT" and not touched:
            (flag,) = board.flags()
            touched.append(board.resources.put({**flag, "encounter": {"reference": "Encounter/e-1"}}))
        return None

    board.server.before = somebody_else_first
    assert board.deliver(REMOVED) == [Delivered()]
    (flag,) = board.flags()
    assert touched
    assert flag["status"] == "inactive"
    assert flag["encounter"] == {"reference": "Encounter/e-1"}


def test_a_flag_that_others_never_leave_alone_is_tried_again_later(board: HealthBoard) -> None:
    board.deliver(REGISTERED)

    async def always_first(request: Request) -> Response | None:
        if request.method == "PUT":
            (flag,) = board.flags()
            board.resources.put(flag)
        return None

    board.server.before = always_first
    assert board.deliver(REMOVED) == [Retry("changed-meanwhile")]


def test_an_unborn_child_is_flagged_on_the_mother_and_the_flag_follows_the_child(board: HealthBoard) -> None:
    assert board.deliver(UNBORN) == [Delivered()]
    (flag,) = board.flags()
    assert flag["subject"] == {"reference": f"Patient/{ELIN}"}
    assert "Unborn" in flag["code"]["text"]
    assert board.deliver(CHANGED, CHANGED) == [Delivered()] * 2, "born meanwhile: the same child of the same sender"
    by_subject = {flag["subject"]["reference"]: flag["status"] for flag in board.flags()}
    assert by_subject == {f"Patient/{ELIN}": "inactive", "Patient/p-4711": "active"}


def test_the_removal_of_a_mothers_own_name_leaves_the_flag_of_her_unborn_child(board: HealthBoard) -> None:
    board.deliver(UNBORN)
    own = _as_mother(REMOVED)
    assert board.deliver(own) == [Delivered()]
    assert sorted(flag["status"] for flag in board.flags()) == ["active", "inactive"]
    (active,) = [flag for flag in board.flags() if flag["status"] == "active"]
    assert "Unborn" in active["code"]["text"]


def _as_mother(delivery: Delivery) -> Delivery:
    child = {
        "reference": "22222222-2222-5222-8222-222222222222",
        "names": [{"given": "Elin", "family": "Enghraifft"}],
        "date_of_birth": "1995-02-11",
        "nhs_number": "9990000034",
        "education": {"status": "unknown"},
    }
    data = delivery.data.model_dump(mode="json", exclude_none=True) | {"child": child}
    return notification("name-off-the-register", subject=child["reference"], data=data)


@pytest.mark.parametrize(
    "there",
    [
        [],
        [MALI, _patient("p-2", "9990000018")],
        [_patient("p-1", "9990000018", given="Somebody", born="1960-01-01") | {"name": [{"family": "Arall"}]}],
        [{**MALI, "active": False}],
        [{**MALI, "link": [{"other": {"reference": "Patient/p-9"}, "type": "replaced-by"}]}],
    ],
    ids=["nobody", "two", "another person", "not active", "merged into another"],
)
def test_a_child_who_is_not_exactly_one_patient_is_refused_and_nothing_is_written(
    board: HealthBoard, there: list[Resource]
) -> None:
    board.resources.put({**MALI, "identifier": []})
    for patient in there:
        board.resources.put(patient)
    assert board.deliver(REGISTERED) == [Refused("child-not-identified")]
    assert board.flags() == board.communications() == []


def test_a_server_that_ignores_the_number_that_is_searched_for_flags_nobody(board: HealthBoard) -> None:
    board.resources.put({**MALI, "identifier": [{"system": NHS, "value": "9990000026"}]})

    async def somebody(request: Request, answer: Response) -> Response:
        if request.url.path.endswith("Patient/_search"):
            entry = [{"resource": board.resources.current("Patient", "p-4711")}]
            bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entry}
            return _json(bundle)
        return answer

    board.server.after = somebody
    assert board.deliver(REGISTERED) == [Refused("child-not-identified")]


def test_a_communication_names_the_servers_own_patients_and_holds_those_it_does_not_have(board: HealthBoard) -> None:
    conference = notification("conference-of-siblings-one-unborn")
    board.resources.put({**MOTHER, "identifier": []})
    assert board.deliver(conference, conference) == [Delivered()] * 2
    (told,) = board.communications()
    assert told["subject"] == {"reference": "Patient/p-4711"}
    assert told["about"] == [{"reference": "#child-2"}]
    assert [patient["id"] for patient in told["contained"]] == ["child-2"]


def test_what_somebody_answered_to_our_own_report_is_a_communication_about_nobody(board: HealthBoard) -> None:
    assert board.deliver(notification("our-report-was-opened")) == [Delivered()]
    (told,) = board.communications()
    assert "subject" not in told


def _json(document: Any) -> Response:
    return Response(json.dumps(document), media_type="application/fhir+json")


Answer = Callable[[Request], Awaitable[Response | None]]


def _at_each_write(response: Response) -> Answer:
    async def answer(request: Request) -> Response | None:
        writes = request.method in ("POST", "PUT") and "_search" not in request.url.path
        return copy.copy(response) if writes else None

    return answer


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (outcome(429, "throttled", headers={"retry-after": "17"}), Retry("too-many-requests", timedelta(seconds=17))),
        (
            outcome(
                503,
                "transient",
                headers={"retry-after": "Fri, 27 Mar 2026 09:32:00 GMT", "date": "Fri, 27 Mar 2026 09:30:00 GMT"},
            ),
            Retry("unavailable", timedelta(minutes=2)),
        ),
        (outcome(500, "exception"), Retry("status-500")),
        (outcome(401, "login"), Retry("not-authenticated")),
        (outcome(403, "forbidden"), Retry("not-allowed")),
        (outcome(422, "invariant"), Refused("unreadable")),
        (outcome(400, "business-rule"), Refused("other")),
        (outcome(422, "lock-error"), Retry("rejected-for-now")),
        (Response("<html>busy</html>", 400), Retry("rejected-for-now")),
        (RedirectResponse("https://elsewhere.example.org/"), Retry("answer-not-readable")),
        (Response("nothing like JSON"), Retry("answer-not-readable")),
    ],
    ids=["429", "503 with a date", "500", "401", "403", "422", "400", "422 passing", "400 of a proxy", "302", "200"],
)
def test_what_the_server_answers_decides_whether_it_is_tried_again(
    board: HealthBoard, response: Response, expected: object
) -> None:
    board.server.before = _at_each_write(response)
    assert board.deliver(REGISTERED) == [expected]


def test_a_search_that_the_server_does_not_know_refuses_no_news_of_a_child(board: HealthBoard) -> None:
    async def not_known(request: Request) -> Response | None:
        return outcome(400, "invalid") if "_search" in request.url.path else None

    board.server.before = not_known
    assert board.deliver(REGISTERED) == [Retry("status-400")]


def test_an_empty_answer_of_something_in_between_is_no_child_that_is_not_there(board: HealthBoard) -> None:
    async def something_in_between(request: Request) -> Response | None:
        return _json({}) if "Patient/_search" in request.url.path else None

    board.server.before = something_in_between
    assert board.deliver(REGISTERED) == [Retry("answer-not-readable")]


def test_a_server_that_is_away_is_tried_again(board: HealthBoard) -> None:
    away = board.with_settings(base_url="https://127.0.0.1:9/fhir/R4", timeout_s=2)
    assert away.deliver(REGISTERED) == [Retry("unreachable")]


def test_a_server_without_conditional_create_is_given_nothing(board: HealthBoard) -> None:
    board.server.conditional = False
    assert board.deliver(REGISTERED) == [Retry("server-without-conditional-create")]
    assert board.flags() == board.communications() == []


def test_a_flag_that_is_there_twice_is_not_made_a_third_time(board: HealthBoard) -> None:
    board.deliver(REGISTERED)
    (flag,) = board.flags()
    board.resources.put({**flag, "id": "copied-by-somebody"})
    assert board.deliver(REGISTERED) == [Delivered()]
    assert len(board.flags()) == 2


def test_no_number_of_a_child_stands_in_any_url(board: HealthBoard) -> None:
    board.deliver(REGISTERED, CHANGED, REMOVED)
    assert board.server.asked
    assert not [url for url in board.server.asked if "999000" in url or "identifier" in url]
