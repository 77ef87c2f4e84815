"""The inbox: what a system fetches is delivered, what people do is said by them, and each agency sees its own."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.sdk.outgoing import checked
from tests.unit.adapters_gateway.gateway_parts import Gateway, gateway

Run = Callable[[Callable[[Gateway], Awaitable[None]]], None]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(test: Callable[[Gateway], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with gateway(tmp_path) as opened:
                await test(opened)

        asyncio.run(whole())

    return run


def receipts(opened: Gateway) -> list[str]:
    return [event["type"].split(".")[3] for event in opened.charity.events()]


def test_a_notification_is_listed_without_saying_whom_it_is_about(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        delivery = await opened.charity.told(gap=True)
        answer = await opened.charity.client.get("/v1/inbox")
        (line,) = answer.json()["notifications"]
        assert line == {
            "number": 1,
            "id": delivery,
            "type": "wales.child-protection.conferences.scheduled.v1",
            "source": "/agencies/cardiff-social-services",
            "state": "waiting",
            "gap": True,
            "received_at": "2026-03-27T09:30:00.000Z",
        }
        assert receipts(opened) == []

    run(test)


def test_who_fetches_it_first_makes_it_delivered_and_a_second_time_changes_nothing(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        delivery = await opened.charity.told()
        for _ in range(2):
            answer = await opened.charity.client.get(f"/v1/inbox/{delivery}")
            assert answer.headers["content-type"] == "application/cloudevents+json"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.json()["id"] == delivery
        (receipt,) = opened.charity.events()
        assert receipt["type"].endswith("receipts.delivered.v1")
        assert receipt["data"]["delivery"] == delivery
        assert (await opened.charity.client.get("/v1/inbox")).json()["notifications"][0]["state"] == "fetched"

    run(test)


def test_people_say_what_became_of_it_and_the_sender_learns_each_step_once(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        delivery = await opened.charity.told()
        await opened.charity.client.get(f"/v1/inbox/{delivery}")
        opened.clock.now += 60_000
        steps: list[tuple[str, dict[str, Any]]] = [
            ("opened", {"role": "Designated safeguarding lead"}),
            ("accepted", {"role": "Team manager", "team": "Gwaith teulu"}),
        ]
        for step, said in steps:
            for _ in range(2):
                answer = await opened.charity.client.post(f"/v1/inbox/{delivery}/{step}", json=said)
                assert answer.json() == {"id": delivery, "state": step}
        assert receipts(opened) == ["delivered", "opened", "accepted-by"]
        for event in opened.charity.events():
            checked(json.dumps(event).encode())
        taken_on = opened.charity.events()[-1]["data"]
        assert (taken_on["team"], taken_on["accepted_at"]) == ("Gwaith teulu", "2026-03-27T09:31:00+00:00")
        assert (await opened.charity.client.get("/v1/inbox")).json()["notifications"] == []
        assert (await opened.charity.client.get(f"/v1/inbox/{delivery}")).status_code == 200
        finished = await opened.charity.client.get("/v1/inbox", params={"state": "accepted"})
        assert [line["id"] for line in finished.json()["notifications"]] == [delivery]

    run(test)


def test_a_final_answer_stands(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        delivery = await opened.charity.told()
        refusal = {"reason": "not-our-child", "explanation": {"text": "Nid ein plentyn ni.", "language": "cy"}}
        first = await opened.charity.client.post(f"/v1/inbox/{delivery}/refused", json=refusal)
        assert first.json()["state"] == "refused"
        said = {"role": "Team manager", "team": "Gwaith teulu"}
        second = await opened.charity.client.post(f"/v1/inbox/{delivery}/accepted", json=said)
        assert (second.status_code, second.json()["type"]) == (409, "urn:dolen:problem:already-answered")
        other = await opened.charity.client.post(f"/v1/inbox/{delivery}/refused", json={"reason": "other"})
        assert other.status_code == 409
        late = await opened.charity.client.post(f"/v1/inbox/{delivery}/opened", json={"role": "Team manager"})
        assert late.json()["state"] == "refused"
        assert receipts(opened) == ["delivered", "refused"]
        assert opened.charity.events()[-1]["data"]["explanation"]["text"] == "Nid ein plentyn ni."

    run(test)


def test_an_answer_to_an_event_of_the_agencys_own_is_not_answered_in_turn(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        delivery = await opened.charity.told("receipts.accepted-by")
        await opened.charity.client.get(f"/v1/inbox/{delivery}")
        await opened.charity.client.post(f"/v1/inbox/{delivery}/opened", json={"role": "Team manager"})
        assert opened.charity.events() == []
        assert (await opened.charity.client.get("/v1/inbox")).json()["notifications"][0]["state"] == "opened"

    run(test)


def test_a_notification_that_is_given_again_is_one_and_keeps_its_state(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        delivery = await opened.charity.told()
        await opened.charity.client.get(f"/v1/inbox/{delivery}")
        await opened.charity.told()
        (line,) = (await opened.charity.client.get("/v1/inbox")).json()["notifications"]
        assert (line["id"], line["state"]) == (delivery, "fetched")

    run(test)


def test_another_agencys_notification_is_not_there_whatever_is_tried(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        delivery = await opened.charity.told()
        thief = opened.probation.client
        said: dict[str, Any]
        tries = [await thief.get(f"/v1/inbox/{delivery}")]
        for step, said in (
            ("opened", {"role": "x"}),
            ("accepted", {"role": "x", "team": "x"}),
            ("refused", {"reason": "other"}),
        ):
            tries.append(await thief.post(f"/v1/inbox/{delivery}/{step}", json=said))
        unknown = await thief.get("/v1/inbox/11111111-1111-4111-8111-111111111111")
        assert {answer.status_code for answer in tries} == {404}
        assert {answer.content for answer in tries} == {unknown.content}
        assert (await thief.get("/v1/inbox", params={"state": ["waiting", "fetched"]})).json()["notifications"] == []
        assert opened.charity.events() == opened.probation.events() == []

    run(test)


@pytest.mark.parametrize("name", ["not-a-uuid", "../token", "%00", "00000000-0000-5000-8000-00000000000A", "a" * 5000])
def test_what_is_no_id_is_not_there(run: Run, name: str) -> None:
    async def test(opened: Gateway) -> None:
        assert (await opened.charity.client.get(f"/v1/inbox/{name}")).status_code in (404, 405)

    run(test)


def test_pages_go_on_where_the_last_one_ended(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        wanted = [await opened.charity.told(number=number) for number in range(1, 6)]
        found: list[str] = []
        after, more = 0, True
        while more:
            answer = await opened.charity.client.get("/v1/inbox", params={"after": after, "limit": 2})
            page = answer.json()
            found += [line["id"] for line in page["notifications"]]
            after, more = page["notifications"][-1]["number"], page["more"]
        assert found == wanted

    run(test)


def test_what_people_say_has_the_contracts_form_and_no_value_comes_back(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        delivery = await opened.charity.told()
        at = f"/v1/inbox/{delivery}/refused"
        for said in (
            b"{",
            b"[]",
            b'{"reason":"Gwen"}',
            b'{"reason":"other","gwen":1}',
            b'{"reason":"other"' + b"," * 9,
        ):
            answer = await opened.charity.client.post(at, content=said, headers={"content-type": "application/json"})
            assert answer.status_code == 422
            assert "gwen" not in answer.text.lower()
        assert opened.charity.events() == []

    run(test)


def test_what_was_fetched_long_ago_is_deleted_and_what_nobody_fetched_stays(run: Run) -> None:
    async def test(opened: Gateway) -> None:
        fetched, waiting = await opened.charity.told(number=1), await opened.charity.told(number=2)
        await opened.charity.client.get(f"/v1/inbox/{fetched}")
        opened.clock.now += 29 * 24 * 3_600_000
        await opened.charity.counter.tidy()
        assert (await opened.charity.client.get(f"/v1/inbox/{fetched}")).status_code == 401  # the token's time is over
        listed = await opened.charity.counter.listed(states=("waiting", "fetched"), after=0, limit=9)
        assert [line.id for line in listed] == [fetched, waiting]
        opened.clock.now += 2 * 24 * 3_600_000
        await opened.charity.counter.tidy()
        listed = await opened.charity.counter.listed(states=("waiting", "fetched"), after=0, limit=9)
        assert [line.id for line in listed] == [waiting]

    run(test)
