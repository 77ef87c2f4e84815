"""Giving an event: 202 when it is on disk, once under its id, and a refusal that says what to mend."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.sdk.declaration import Draft, Taken
from adapters.sdk.errors import NotStored
from tests.unit.adapters_gateway.gateway_parts import STRUCTURED, Gateway, event, gateway


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Callable[[Gateway], Awaitable[None]]], None]:
    def run(test: Callable[[Gateway], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with gateway(tmp_path) as opened:
                await test(opened)

        asyncio.run(whole())

    return run


Run = Callable[[Callable[[Gateway], Awaitable[None]]], None]


def body(document: Any) -> bytes:
    return json.dumps(document).encode()


def binary(document: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    attributes = {name: value for name, value in document.items() if name not in ("data", "datacontenttype")}
    headers = {f"ce-{name}": value for name, value in attributes.items()}
    return {**headers, "content-type": "application/json"}, body(document["data"])


def test_an_event_is_taken_under_the_senders_own_id_and_numbered(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        answer = await opened.charity.client.post("/v1/events", content=body(event()), headers=STRUCTURED)
        assert (answer.status_code, answer.json()) == (202, {"id": event()["id"], "again": False})
        assert answer.headers["location"] == f"/v1/events/{event()['id']}"
        (kept,) = opened.charity.events()
        assert (kept["id"], kept["sequence"], kept["source"]) == (event()["id"], 1, "/agencies/pont-y-plant")
        assert kept["data"] == event()["data"]
        assert opened.probation.events() == []

    run(test)


def test_structured_and_binary_are_the_same_event(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        first = await opened.charity.client.post("/v1/events", content=body(event()), headers=STRUCTURED)
        headers, content = binary(event())
        second = await opened.charity.client.post("/v1/events", content=content, headers=headers)
        assert (first.status_code, second.status_code, second.json()["again"]) == (202, 202, True)
        assert len(opened.charity.events()) == 1

    run(test)


def test_binary_attributes_are_percent_decoded(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        headers, content = binary(event())
        headers["ce-time"] = headers["ce-time"].replace(":", "%3A").replace("+", "%2B")
        answer = await opened.charity.client.post("/v1/events", content=content, headers=headers)
        assert answer.status_code == 202

    run(test)


def test_the_same_id_with_other_content_is_a_conflict_and_the_first_stands(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        other = event() | {"data": event()["data"] | {"moved_on": "2026-08-01"}}
        await opened.charity.client.post("/v1/events", content=body(event()), headers=STRUCTURED)
        before = opened.charity.events()
        answer = await opened.charity.client.post("/v1/events", content=body(other), headers=STRUCTURED)
        assert (answer.status_code, answer.json()["faults"][0]["code"]) == (409, "HUB-401")
        assert opened.charity.events() == before

    run(test)


def test_two_agencies_may_choose_one_id(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        for agency in (opened.charity, opened.probation):
            own = event() | {"source": f"/agencies/{agency.name}"}
            answer = await agency.client.post("/v1/events", content=body(own), headers=STRUCTURED)
            assert answer.json() == {"id": event()["id"], "again": False}

    run(test)


def test_an_agency_speaks_only_for_itself(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        answer = await opened.probation.client.post("/v1/events", content=body(event()), headers=STRUCTURED)
        assert (answer.status_code, answer.json()["faults"][0]["path"]) == (403, "source")
        assert opened.probation.events() == opened.charity.events() == []

    run(test)


def test_all_faults_are_told_at_once_with_path_rule_and_remedy_and_no_value(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        wrong = event()
        wrong["data"]["moved_on"], wrong["data"]["child"]["nhs_number"] = "Gwen Invented", "9990000019"
        wrong["data"]["gwen_invented"] = 1
        answer = await opened.charity.client.post("/v1/events", content=body(wrong), headers=STRUCTURED)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        faults = {(fault["code"], fault["path"], fault["rule"]) for fault in answer.json()["faults"]}
        assert faults == {
            ("HUB-307", "data.moved_on", "date_parsing"),
            ("HUB-307", "data.child.nhs_number", "dolen_nhs_number"),
            ("HUB-306", "data.*", "extra_forbidden"),
        }
        assert all(fault["remedy"] for fault in answer.json()["faults"])
        assert "gwen" not in answer.text.lower()
        assert "9990000019" not in answer.text
        assert opened.charity.events() == []

    run(test)


@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        ({"content-type": "application/json"}, b"{}", 415, None),
        ({"content-type": "application/cloudevents-batch+json"}, b"[]", 415, None),
        ({"content-type": "application/cloudevents+json; charset=latin-1"}, b"{}", 415, None),
        ({"content-type": "application/cloudevents+json; charset=UTF-8"}, b"{}", 422, "HUB-301"),
        ({}, b"{}", 415, None),
        (STRUCTURED, b"", 422, "HUB-201"),
        (STRUCTURED, b"\xff\xfe{}", 422, "HUB-203"),
        (STRUCTURED, b"[1]", 422, "HUB-204"),
        (STRUCTURED, b"[" * 100_000, 422, "HUB-205"),
        (STRUCTURED, b'{"id":1,"id":2}', 422, "HUB-206"),
        (STRUCTURED, b'{"id":NaN}', 422, "HUB-207"),
        (STRUCTURED, b'{"id":' + b"9" * 5000 + b"}", 422, "HUB-204"),
        (STRUCTURED, b'{"type":"\\ud800"}', 422, "HUB-204"),
        ({"content-type": "application/json", "ce-specversion": "1.0", "ce-gwen-x": "1"}, b"{}", 422, "HUB-306"),
        ({"content-type": "application/json", "ce-specversion": "1.0", "ce-id": "%ff"}, b"{}", 422, "HUB-208"),
        ({"content-type": "application/json", "ce-specversion": "1.0", "ce-data": "{}"}, b"{}", 422, "HUB-306"),
    ],
)
def test_what_is_no_event_is_a_problem(
    run: Run, headers: dict[str, str], content: bytes, status: int, code: str | None
) -> None:
    async def test(opened: Gateway) -> None:
        answer = await opened.charity.client.post("/v1/events", content=content, headers=headers)
        assert answer.status_code == status
        assert [fault["code"] for fault in answer.json()["faults"]][:1] == ([code] if code else [])
        assert answer.json()["type"].startswith("urn:dolen:problem:")

    run(test)


def test_an_attribute_that_comes_twice_is_refused(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        headers, content = binary(event())
        twice = [*headers.items(), ("ce-source", "/agencies/wales-probation")]
        answer = await opened.charity.client.post("/v1/events", content=content, headers=twice)
        assert (answer.status_code, answer.json()["faults"][0]["code"]) == (422, "HUB-206")

    run(test)


def test_a_body_above_the_limit_is_refused_by_its_length_or_as_it_comes(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        came = 0

        async def endless() -> Any:
            nonlocal came
            for _ in range(100):
                came += 1
                yield b"[" * 10_000

        for content in (b"[" * (256 * 1024 + 1), endless()):
            answer = await opened.charity.client.post("/v1/events", content=content, headers=STRUCTURED)
            assert (answer.status_code, answer.json()["faults"][0]["code"]) == (413, "HUB-202")
        assert came == 27

    run(test)


def test_nothing_is_taken_where_the_store_has_no_room(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(draft: Draft) -> Taken:
        raise NotStored("no room")

    async def test(opened: Gateway) -> None:
        with monkeypatch.context() as away:
            away.setattr(opened.charity.counter._outbox, "put", full)
            answer = await opened.charity.client.post("/v1/events", content=body(event()), headers=STRUCTURED)
            assert answer.status_code == 503
        assert opened.charity.events() == []
        answer = await opened.charity.client.post("/v1/events", content=body(event()), headers=STRUCTURED)
        assert answer.json() == {"id": event()["id"], "again": False}

    run(test)


def test_a_mistake_of_ours_is_a_problem_and_shows_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(draft: Draft) -> Taken:
        raise RuntimeError(f"child {draft.data}")

    async def test(opened: Gateway) -> None:
        monkeypatch.setattr(opened.charity.counter._outbox, "put", broken)
        answer = await opened.charity.client.post("/v1/events", content=body(event()), headers=STRUCTURED)
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
        assert "Enghraifft" not in answer.text

    run(test)
    said = "".join(capsys.readouterr())
    assert "gateway.unexpected" in said
    assert "Enghraifft" not in said


def test_who_gave_an_event_learns_how_far_it_came_and_nobody_else(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        where = (await opened.charity.client.post("/v1/events", content=body(event()), headers=STRUCTURED)).headers[
            "location"
        ]
        own = await opened.charity.client.get(where)
        assert own.json() == {"id": event()["id"], "state": "waiting", "faults": []}
        assert (await opened.probation.client.get(where)).status_code == 404
        assert (await opened.stranger.get(where)).status_code == 401

    run(test)


def test_a_problem_is_in_the_language_that_the_request_prefers(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        said = {}
        for accepted in ("cy", "en", "en;q=0.5, cy-GB;q=0.9", "fr", ""):
            headers = STRUCTURED | {"accept-language": accepted}
            answer = await opened.charity.client.post("/v1/events", content=b"{}", headers=headers)
            said[accepted] = (answer.headers["content-language"], answer.json()["title"])
        assert [language for language, _ in said.values()] == ["cy", "en", "cy", "en", "en"]
        assert said["cy"][1] == "Mae'r digwyddiad yn torri rheolau ei fath"

    run(test)
