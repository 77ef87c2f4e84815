"""Every report on the server reaches the outbox once, whatever the server does while it is read."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from adapters.health.standin.server import FHIR_JSON, StandIn, outcome
from adapters.health.standin.serving import serving
from tests.adapters.health.parts import BEGIN, HealthBoard, fixture, put, reports

MB = 1024 * 1024


def _fill(board: HealthBoard, count: int, *, apart: float = 1.0) -> list[str]:
    """So many reports, `apart` seconds from each other; their references."""
    for number, (request, patient) in enumerate(reports(count)):
        at = BEGIN - timedelta(minutes=30) + timedelta(seconds=number * apart)
        put(board.resources, [patient, request], changed=at)
    return [f"ServiceRequest/sr-{number}/_history/1" for number in range(count)]


def test_each_report_is_taken_once_and_a_second_look_takes_nothing(board: HealthBoard) -> None:
    wanted = _fill(board, 7)
    board.with_settings(page_size=3).collect(sweeps=3)
    board.collect(sweeps=2)
    assert board.taken() == wanted
    assert board.aside() == {}


def test_every_inbound_fixture_is_taken_from_the_server_as_it_is_from_a_file(board: HealthBoard) -> None:
    names = (
        "report-from-the-emergency-unit",
        "report-of-siblings-one-unborn",
        "report-by-communication",
        "register-enquiry-at-night",
        "child-moved-for-a-while",
        "number-after-birth",
        "notification-opened",
        "notification-taken-on",
        "notification-declined",
    )
    for name in names:
        for resource in fixture(name):
            if board.resources.current(resource["resourceType"], resource["id"]) is None:
                put(board.resources, [resource])
    board.collect()
    assert len(board.events()) == len({event["id"] for event in board.events()}) == len(names)
    assert board.aside() == {}


def test_resources_of_one_instant_are_all_taken_over_several_pages(board: HealthBoard) -> None:
    wanted = _fill(board, 7, apart=0)
    board.with_settings(page_size=2).collect(sweeps=3)
    assert sorted(board.taken()) == wanted


def test_a_resource_that_slips_to_the_page_before_while_pages_are_turned_is_not_missed(board: HealthBoard) -> None:
    wanted = _fill(board, 6, apart=60)
    moved = []

    async def touch_the_first_as_the_second_page_is_asked_for(request: Request) -> Response | None:
        if "/_pages/" in request.url.path and not moved:
            first = board.resources.current("ServiceRequest", "sr-0")
            assert first is not None
            moved.append(board.resources.put(first))
        return None

    board.server.before = touch_the_first_as_the_second_page_is_asked_for
    short = board.with_settings(page_size=2, overlap_s=1)
    short.collect(sweeps=1)
    assert moved
    assert f"ServiceRequest/sr-{2}/_history/1" not in board.taken(), "else nothing slipped and this shows nothing"
    short.collect(sweeps=3)
    assert sorted(board.taken()) == sorted([*wanted, "ServiceRequest/sr-0/_history/2"])


def test_a_change_that_is_shown_later_than_it_was_stamped_is_not_missed(board: HealthBoard) -> None:
    _fill(board, 3)
    board.collect(sweeps=2)
    late_request, late_patient = list(reports(4))[3]
    put(board.resources, [late_patient, late_request], changed=BEGIN - timedelta(minutes=32))
    board.collect()
    assert "ServiceRequest/sr-3/_history/1" in board.taken()


def test_a_resource_stamped_in_the_future_does_not_hide_those_that_come_after_it(board: HealthBoard) -> None:
    request, patient = next(iter(reports(1)))
    put(board.resources, [patient, request], changed=BEGIN + timedelta(days=2))
    board.collect(sweeps=2)
    board.clock.forward(3600)
    later = list(reports(2))[1]
    put(board.resources, reversed(later))
    board.collect()
    assert board.taken() == ["ServiceRequest/sr-0/_history/1", "ServiceRequest/sr-1/_history/1"]


def test_after_the_mark_is_lost_everything_is_read_again_and_nothing_is_doubled(board: HealthBoard) -> None:
    wanted = _fill(board, 3)
    board.collect()
    assert board.settings.mark_file.exists()
    board.settings.mark_file.unlink()
    board.collect()
    assert board.taken() == wanted


def test_what_was_read_before_the_mark_is_not_read_again(board: HealthBoard) -> None:
    _fill(board, 3)
    board.collect(sweeps=2)
    board.clock.forward(3600)
    put(board.resources, reversed(list(reports(4))[3]))
    board.collect()
    shown: list[int] = []

    async def count(request: Request, answer: Response) -> Response:
        shown.append(len(json.loads(answer.body).get("entry", [])))
        return answer

    board.server.after = count
    board.collect()
    assert shown == [2, 0], "the newest report with its patient, and no Communication"


def test_a_childs_report_and_message_are_taken_in_the_order_in_which_they_were_written(board: HealthBoard) -> None:
    report, message = "report-from-the-emergency-unit", "report-by-communication"
    (request, *others), (said, *_) = fixture(report), fixture(message)
    put(board.resources, others)
    put(board.resources, [said], changed=BEGIN - timedelta(minutes=3))
    put(board.resources, [request], changed=BEGIN - timedelta(minutes=2))
    put(board.resources, [said], changed=BEGIN - timedelta(minutes=1))
    put(board.resources, [{**said, "id": "c-2"}], changed=BEGIN - timedelta(minutes=3))
    board.collect()
    assert board.taken() == [
        "Communication/c-2/_history/1",
        "ServiceRequest/sr-20260327-0088/_history/1",
        "Communication/c-17/_history/2",
    ]


def test_what_is_written_while_the_two_kinds_are_asked_for_waits_for_its_turn(board: HealthBoard) -> None:
    (request, *others), (said, *_) = fixture("report-from-the-emergency-unit"), fixture("report-by-communication")
    put(board.resources, others)

    async def between(request_: Request, answer: Response) -> Response:
        if request_.url.path.endswith("ServiceRequest/_search") and len(board.server.asked) == 1:
            put(board.resources, [request], changed=BEGIN + timedelta(seconds=0.1))
            put(board.resources, [said], changed=BEGIN + timedelta(seconds=0.2))
        return answer

    board.server.after = between
    board.collect()
    assert board.taken() == []
    board.clock.forward(1)
    board.collect()
    assert board.taken() == ["ServiceRequest/sr-20260327-0088/_history/1", "Communication/c-17/_history/1"]


def test_a_new_version_of_a_report_is_a_report_of_its_own(board: HealthBoard) -> None:
    request, patient = next(iter(reports(1)))
    put(board.resources, [patient, request])
    board.collect()
    put(board.resources, [request])
    board.collect()
    assert board.taken() == ["ServiceRequest/sr-0/_history/1", "ServiceRequest/sr-0/_history/2"]


def test_a_report_that_was_made_and_closed_between_two_looks_is_taken_by_its_history(board: HealthBoard) -> None:
    request, patient = next(iter(reports(1)))
    put(board.resources, [patient, {**request, "status": "draft"}, request, {**request, "status": "completed"}])
    board.collect(sweeps=2)
    assert board.taken() == ["ServiceRequest/sr-0/_history/2"]
    assert board.aside() == {}


def test_a_report_that_was_withdrawn_after_it_was_sent_is_shown_to_the_agency(board: HealthBoard) -> None:
    request, patient = next(iter(reports(1)))
    put(board.resources, [patient, request])
    board.collect()
    put(board.resources, [{**request, "status": "entered-in-error"}])
    board.collect(sweeps=2)
    assert board.taken() == ["ServiceRequest/sr-0/_history/1"]
    assert board.aside() == {"ServiceRequest/sr-0/_history/2": "withdrawn"}
    (task,) = board.resources.all("Task")
    assert task["focus"] == {"reference": "ServiceRequest/sr-0/_history/2"}


def test_a_draft_is_neither_taken_nor_a_fault(board: HealthBoard) -> None:
    request, patient = next(iter(reports(1)))
    put(board.resources, [patient, {**request, "status": "draft"}])
    board.collect()
    assert board.taken() == []
    assert board.aside() == {}


def test_what_cannot_be_translated_is_kept_and_shown_once_as_a_task_and_the_rest_go_on(board: HealthBoard) -> None:
    (first, patient), (second, other) = reports(2)
    put(board.resources, [patient, {**first, "childsName": "Gwen Invented"}, other, second])
    board.collect(sweeps=2)
    board.collect()
    assert board.taken() == ["ServiceRequest/sr-1/_history/1"]
    assert board.aside() == {"ServiceRequest/sr-0/_history/1": "not-fhir-r4"}
    (task,) = board.resources.all("Task")
    (fault,) = task["contained"]
    assert fault["issue"][0]["expression"] == ["ServiceRequest.childsName"]
    assert "Gwen" not in json.dumps(task)


def test_a_report_whose_patient_comes_later_is_taken_then(board: HealthBoard) -> None:
    request, patient = next(iter(reports(1)))
    put(board.resources, [request])
    board.collect()
    assert board.aside() == {"ServiceRequest/sr-0/_history/1": "not-found"}
    put(board.resources, [patient])
    board.collect()
    assert board.taken() == ["ServiceRequest/sr-0/_history/1"]
    assert board.aside() == {}


def test_an_answer_of_a_hundred_megabytes_is_not_read_and_what_it_holds_is_read_one_by_one(board: HealthBoard) -> None:
    wanted = _fill(board, 3)
    sent = 0

    async def flood(request: Request, answer: Response) -> Response:
        nonlocal sent
        listed = b"_elements" in await request.body() if request.method == "POST" else True
        if listed or not request.url.path.endswith("ServiceRequest/_search"):
            return answer

        async def body() -> AsyncIterator[bytes]:
            nonlocal sent
            while sent < 100 * MB and not await request.is_disconnected():
                sent += MB
                yield b" " * MB
                await asyncio.sleep(0)  # the server hears that the other side has gone

        return StreamingResponse(body(), media_type=FHIR_JSON)

    board.server.after = flood
    board.with_settings(max_body_bytes=2 * MB).collect()
    assert 2 * MB <= sent < 50 * MB
    assert board.taken() == wanted


def test_one_resource_that_is_too_large_is_put_aside_and_the_rest_go_on(board: HealthBoard) -> None:
    (first, patient), (second, other) = reports(2)
    big = {**first, "note": [{"text": "x" * MB}]}
    put(board.resources, [patient, big, other, second])
    board.with_settings(max_body_bytes=256 * 1024).collect(sweeps=2)
    assert board.taken() == ["ServiceRequest/sr-1/_history/1"]
    assert board.aside() == {"ServiceRequest/sr-0/_history/1": "not-readable"}


def test_a_link_to_another_server_is_not_followed(board: HealthBoard, certificate: Path) -> None:
    _fill(board, 3)
    other = StandIn(board.resources)  # whose certificate would do
    with serving(other, certificate) as base:

        async def elsewhere(request: Request, answer: Response) -> Response:
            bundle = json.loads(answer.body)
            for link in bundle.get("link", []):
                if link["relation"] == "next":
                    link["url"] = f"{base}/ServiceRequest"
            return Response(json.dumps(bundle), media_type=FHIR_JSON)

        board.server.after = elsewhere
        board.with_settings(page_size=2).collect(sweeps=2)
    assert other.asked == []
    assert board.taken() == [f"ServiceRequest/sr-{number}/_history/1" for number in range(2)]
    board.server.after = None
    board.with_settings(page_size=2).collect(sweeps=2)
    assert len(board.taken()) == 3, "the mark stood still"


def test_a_server_that_turns_pages_for_ever_is_left_at_the_limit_and_the_rest_comes_later(board: HealthBoard) -> None:
    wanted = _fill(board, 4)

    async def again(request: Request, answer: Response) -> Response:
        bundle = json.loads(answer.body)
        url = f"{board.settings.base}ServiceRequest?_count=2&x={len(board.server.asked)}"
        bundle["link"] = [{"relation": "next", "url": url.replace("&x=", "&_id=sr-0&_id=sr-")}]
        return Response(json.dumps(bundle), media_type=FHIR_JSON)

    board.server.after = again
    few = board.with_settings(page_size=2, max_pages=5)
    few.collect()
    assert len(board.server.asked) <= 5 * 2
    board.server.after = None
    few.collect(sweeps=2)
    assert sorted(board.taken()) == wanted


def test_a_redirect_is_not_followed_and_what_was_asked_is_asked_again(board: HealthBoard) -> None:
    wanted = _fill(board, 1)

    async def away(request: Request) -> Response | None:
        return RedirectResponse("https://elsewhere.example.org/fhir/R4/ServiceRequest")

    board.server.before = away
    board.collect(sweeps=2)
    assert board.taken() == []
    board.server.before = None
    board.collect()
    assert board.taken() == wanted


def test_an_answer_that_is_not_utf_8_or_compressed_is_not_read(board: HealthBoard) -> None:
    _fill(board, 1)
    wrong = iter(({"content-type": "application/fhir+json; charset=latin-1"}, {"content-encoding": "gzip"}))

    async def spoil(request: Request, answer: Response) -> Response:
        headers = next(wrong, None)
        if headers is None:
            return outcome(500, "exception")
        return Response(b"\x1f\x8b", headers=headers)

    board.server.after = spoil
    board.collect(sweeps=2)
    assert board.taken() == []
    board.server.after = None
    board.collect()
    assert len(board.taken()) == 1


def test_duplicate_ids_over_pages_are_one_event(board: HealthBoard) -> None:
    _fill(board, 2)

    async def twice(request: Request, answer: Response) -> Response:
        bundle = json.loads(answer.body)
        bundle["entry"] = bundle.get("entry", []) * 2
        return Response(json.dumps(bundle), media_type=FHIR_JSON)

    board.server.after = twice
    board.collect(sweeps=2)
    assert len(board.taken()) == 2


def test_no_name_and_no_number_stands_in_any_url(board: HealthBoard) -> None:
    _fill(board, 2)
    board.with_settings(page_size=1).collect(sweeps=2)
    for url in board.server.asked:
        assert "999000" not in url
        assert "Enghraifft" not in url
        assert "_lastUpdated" not in url
