"""What the outbox took is on disk, has one id and one number, and stays until the hub's receipt is in."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from adapters.sdk.declaration import NotTranslated, Taken
from adapters.sdk.outbox import Leaving, Progress
from adapters.sdk.outgoing import NotAnEvent, checked
from adapters.sdk.store import Store
from tests.adapter_parts import CHILD, EPISODE, OTHER_CHILD, Parts, draft, hub_receipt, made


def _leaving(parts: Parts) -> list[tuple[str, int]]:
    """Subject and number of what is due to be sent."""
    due = parts.store.look(lambda connection: parts.outbox.leaving(connection, 100))
    return [(event.subject, json.loads(event.value)["sequence"]) for event in due]


async def _due(parts: Parts) -> list[Leaving]:
    due = await parts.store.read(lambda connection: parts.outbox.leaving(connection, 100))
    return due + await parts.store.read(lambda connection: parts.outbox.unanswered(connection, 100))


async def _confirm(parts: Parts, due: list[Leaving], *, offset: int = 0) -> None:
    """Kafka says that it has these, from an offset on."""
    places = [f"referrals.v1/0/{number}" for number, _ in enumerate(due, offset)]
    gone = [(event, place, parts.clock() + 60_000) for event, place in zip(due, places, strict=True)]
    await parts.store.write(lambda connection: parts.outbox.sent(connection, gone))


async def _send(parts: Parts, *, offset: int = 0) -> list[str]:
    """Kafka takes all that is due; their ids."""
    due = await _due(parts)
    await _confirm(parts, due, offset=offset)
    return [event.event_id for event in due]


def _state(parts: Parts) -> Progress | None:
    return parts.store.look(lambda connection: parts.outbox.state_of(connection, "case-1"))


def _faults(*codes: str) -> list[dict[str, str]]:
    return [{"code": code, "path": "id", "rule": "", "remedy": "mend it"} for code in codes]


CONFLICT = {"authenticated": True, "faults": _faults("HUB-401")}


def test_an_event_is_numbered_traced_and_keeps_the_rules_of_its_type(parts: Parts) -> None:
    taken = asyncio.run(parts.outbox.put(draft()))
    (event,) = parts.store.look(lambda connection: parts.outbox.leaving(connection, 100))
    document = json.loads(checked(event.value).value)
    assert document["id"] == taken.event_id
    assert document["sequence"] == 1
    assert document["source"] == "/agencies/cardiff-social-services"
    assert document["traceparent"].split("-")[1] == event.hop.decode().split("-")[1], "one trace"


def test_each_child_has_numbers_of_its_own_from_one_and_leaves_one_at_a_time(parts: Parts) -> None:
    async def run() -> None:
        for reference, subject in (("a", CHILD), ("b", CHILD), ("c", OTHER_CHILD), ("d", CHILD)):
            await parts.outbox.put(draft(reference, subject=subject))

    asyncio.run(run())
    assert sorted(_leaving(parts)) == [(CHILD, 1), (OTHER_CHILD, 1)]
    asyncio.run(_send(parts))
    assert _leaving(parts) == [(CHILD, 2)]
    asyncio.run(_send(parts))
    assert _leaving(parts) == [(CHILD, 3)]


def test_a_record_that_is_read_twice_is_one_event(parts: Parts) -> None:
    async def run() -> tuple[bool, bool]:
        first, second = await asyncio.gather(parts.outbox.put(draft("a")), parts.outbox.put(draft("a")))
        assert first.event_id == second.event_id
        return first.again, second.again

    assert sorted(asyncio.run(run())) == [False, True]
    assert _leaving(parts) == [(CHILD, 1)]


def test_a_reference_that_is_used_for_something_else_is_told_and_the_first_stands(parts: Parts) -> None:
    async def run() -> None:
        await parts.outbox.put(draft("a"))
        assert not (await parts.outbox.put(draft("a"))).differs
        assert (await parts.outbox.put(draft("a", correlationid=EPISODE))).differs

    asyncio.run(run())
    assert _leaving(parts) == [(CHILD, 1)]


def test_what_breaks_the_rules_is_not_taken_and_uses_no_number(parts: Parts) -> None:
    async def run() -> None:
        with pytest.raises(NotAnEvent, match="data"):
            await parts.outbox.put(replace(draft("a"), data={}))
        await parts.outbox.put(draft("b"))

    asyncio.run(run())
    assert _leaving(parts) == [(CHILD, 1)]


def test_an_agency_does_not_speak_for_another(parts: Parts) -> None:
    with pytest.raises(NotAnEvent, match="source"):
        asyncio.run(parts.outbox.put(draft(source="/agencies/south-wales-police")))


def test_the_hubs_receipt_ends_it_and_a_second_one_changes_nothing(parts: Parts) -> None:
    async def run() -> None:
        taken = await parts.outbox.put(draft())
        await _send(parts)
        assert parts.store.look(parts.outbox.counts).waiting == 1
        await parts.inbox.store([hub_receipt("accepted", taken.event_id), hub_receipt("duplicate", taken.event_id)])

    asyncio.run(run())
    counts = parts.store.look(parts.outbox.counts)
    assert (counts.waiting, counts.rejected) == (0, 0)


def test_without_a_receipt_the_same_bytes_are_due_again_and_not_before(parts: Parts) -> None:
    def unanswered() -> list[bytes]:
        due = parts.store.look(lambda connection: parts.outbox.unanswered(connection, 100))
        return [event.value for event in due]

    async def run() -> None:
        await parts.outbox.put(draft())
        (event,) = parts.store.look(lambda connection: parts.outbox.leaving(connection, 100))
        await _send(parts)
        assert unanswered() == []
        parts.clock.forward(61)
        assert unanswered() == [event.value]

    asyncio.run(run())


def test_a_receipt_may_come_before_kafkas_confirmation(parts: Parts) -> None:
    async def run() -> None:
        taken = await parts.outbox.put(draft("a"))
        await parts.outbox.put(draft("b"))
        due = parts.store.look(lambda connection: parts.outbox.leaving(connection, 100))
        await parts.inbox.store([hub_receipt("accepted", taken.event_id)])
        gone = [(event, "referrals.v1/0/1", 0) for event in due]
        await parts.store.write(lambda connection: parts.outbox.sent(connection, gone))

    asyncio.run(run())
    assert _leaving(parts) == [(CHILD, 2)]
    assert parts.store.look(parts.outbox.counts).waiting == 1


def test_a_rejected_event_waits_for_a_person_and_the_next_of_the_child_goes_on(parts: Parts) -> None:
    async def run() -> None:
        first = await parts.outbox.put(draft("a"))
        await parts.outbox.put(draft("b"))
        await _send(parts)
        await parts.inbox.store([hub_receipt("rejected", first.event_id, authenticated=True)])

    asyncio.run(run())
    assert parts.store.look(parts.outbox.counts).rejected == 1
    assert _leaving(parts) == [(CHILD, 2)]


def test_a_mended_event_takes_the_place_of_the_rejected_one_and_an_old_receipt_does_not_reject_it_again(
    parts: Parts,
) -> None:
    event = draft("a")
    mended = replace(event, correlationid=EPISODE)

    async def run() -> None:
        first = await parts.outbox.put(event)
        await _send(parts, offset=7)
        rejection = hub_receipt("rejected", first.event_id, offset=7, authenticated=True)
        await parts.inbox.store([rejection])
        assert (await parts.outbox.put(event)).again, "the same again is no mending"
        again = await parts.outbox.put(mended)
        assert (again.event_id, again.again) == (first.event_id, False)
        assert _leaving(parts) == [(CHILD, 1)]
        await parts.inbox.store([rejection])
        assert _leaving(parts) == [(CHILD, 1)]
        await _send(parts, offset=8)
        await parts.inbox.store([hub_receipt("rejected", first.event_id, offset=8, authenticated=True)])

    asyncio.run(run())
    assert parts.store.look(parts.outbox.counts).rejected == 1


async def _mended(parts: Parts, *, offset: int) -> str:
    """An event that the hub rejected at a place, and that has other content since; its id."""
    taken = await parts.outbox.put(draft())
    await _send(parts, offset=offset)
    await parts.inbox.store([hub_receipt("rejected", taken.event_id, offset=offset, authenticated=True)])
    await parts.outbox.put(draft(correlationid=EPISODE))
    return taken.event_id


def test_what_was_mended_is_sent_though_the_hub_has_taken_what_it_was_before_and_the_agency_sees_the_conflict(
    parts: Parts,
) -> None:
    async def run() -> None:
        event = await _mended(parts, offset=3)
        sent_on = hub_receipt("accepted", event, offset=5)
        await parts.inbox.store([sent_on])
        assert _state(parts) == Progress("waiting")
        assert EPISODE in (await _due(parts))[0].value.decode()
        await _send(parts, offset=6)
        assert _state(parts) == Progress("sent")
        await parts.inbox.store([hub_receipt("rejected", event, offset=6, **CONFLICT)])
        await parts.inbox.store([sent_on])

    asyncio.run(run())
    assert _state(parts) == Progress("rejected", tuple(_faults("HUB-401")))
    assert _leaving(parts) == []


@pytest.mark.parametrize(
    ("outcome", "said", "state"),
    [
        ("accepted", {}, Progress("accepted")),
        ("duplicate", {}, Progress("accepted")),
        ("rejected", CONFLICT, Progress("rejected", tuple(_faults("HUB-401")))),
    ],
)
def test_the_receipt_of_what_was_mended_may_come_before_kafkas_confirmation_too(
    parts: Parts, outcome: str, said: dict[str, Any], state: Progress
) -> None:
    async def run() -> None:
        event = await _mended(parts, offset=3)
        due = await _due(parts)
        await parts.inbox.store([hub_receipt(outcome, event, offset=4, **said)])
        assert _state(parts) == Progress("waiting")
        await _confirm(parts, due, offset=4)

    asyncio.run(run())
    assert _state(parts) == state
    assert _leaving(parts) == []
    assert parts.store.look(parts.outbox.counts).waiting == 0


def test_a_rejection_of_what_it_was_before_does_not_reject_what_was_mended(parts: Parts) -> None:
    async def run() -> None:
        event = await _mended(parts, offset=3)
        await parts.inbox.store([hub_receipt("rejected", event, offset=4, authenticated=True)])
        assert await _send(parts, offset=5) == [event]
        await parts.inbox.store([hub_receipt("accepted", event, offset=5)])

    asyncio.run(run())
    assert _state(parts) == Progress("accepted")


def test_which_content_the_hubs_people_sent_on_is_asked_by_sending_the_mended_one_again(parts: Parts) -> None:
    async def run() -> None:
        event = await _mended(parts, offset=3)
        await _send(parts, offset=4)
        await parts.inbox.store([hub_receipt("rejected", event, offset=4, authenticated=True)])
        await parts.inbox.store([hub_receipt("accepted", event, offset=5)])
        assert _state(parts) == Progress("sent")
        assert await _send(parts, offset=6) == [event]
        await parts.inbox.store([hub_receipt("duplicate", event, offset=6)])

    asyncio.run(run())
    assert _state(parts) == Progress("accepted")


def test_what_was_under_way_when_it_was_mended_is_not_the_mended_one(parts: Parts) -> None:
    async def run() -> None:
        taken = await parts.outbox.put(draft())
        await _send(parts, offset=3)
        parts.clock.forward(61)
        again = await _due(parts)
        await parts.inbox.store([hub_receipt("rejected", taken.event_id, offset=3, authenticated=True)])
        await parts.outbox.put(draft(correlationid=EPISODE))
        await _confirm(parts, again, offset=4)
        assert _leaving(parts) == [(CHILD, 1)]

    asyncio.run(run())
    assert _state(parts) == Progress("waiting")


def test_an_event_that_the_hubs_people_sent_on_after_its_rejection_is_accepted_for_good(parts: Parts) -> None:
    async def run() -> None:
        taken = await parts.outbox.put(draft())
        await _send(parts)
        rejection = hub_receipt("rejected", taken.event_id, offset=7, authenticated=True)
        await parts.inbox.store([rejection])
        await parts.inbox.store([hub_receipt("accepted", taken.event_id, offset=3)])
        await parts.inbox.store([rejection, hub_receipt("rejected", taken.event_id, offset=9, authenticated=True)])
        state = parts.store.look(lambda connection: parts.outbox.state_of(connection, "case-1"))
        assert state == Progress("accepted")

    asyncio.run(run())
    assert parts.store.look(parts.outbox.counts).rejected == 0


def test_many_that_are_put_at_once_have_the_numbers_of_their_order_and_a_reference_twice_is_one_event(
    parts: Parts,
) -> None:
    references = ["a", "b", "a", "c", "b", "d"]

    async def run() -> list[Taken]:
        return await asyncio.gather(*(parts.outbox.put(draft(reference)) for reference in references))

    taken = asyncio.run(run())
    assert [one.again for one in taken] == [False, False, True, False, True, False]
    assert taken[2].event_id == taken[0].event_id
    table = parts.store.tables.outbox
    rows = parts.store.look(lambda connection: connection.execute(select(table).order_by(table.c.sequence)).all())
    assert [(row.reference, row.sequence) for row in rows] == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]


def test_a_forgers_rejection_does_not_end_the_real_event(parts: Parts) -> None:
    async def run() -> None:
        taken = await parts.outbox.put(draft())
        await _send(parts)
        await parts.inbox.store([hub_receipt("rejected", taken.event_id, authenticated=False)])

    asyncio.run(run())
    counts = parts.store.look(parts.outbox.counts)
    assert (counts.waiting, counts.rejected) == (1, 0)


def test_what_was_put_inside_the_callers_own_transaction_is_taken_with_it_or_not_at_all(parts: Parts) -> None:
    class Undone(Exception):
        pass

    def put(reference: str, *, undo: bool = False) -> None:
        with parts.store._writer.begin() as connection:
            parts.outbox.put_in(connection, draft(reference))
            if undo:
                raise Undone

    with pytest.raises(Undone):
        put("a", undo=True)
    assert _leaving(parts) == []
    put("b")
    assert _leaving(parts) == [(CHILD, 1)]


def test_a_record_that_could_not_be_translated_is_kept_until_it_can(parts: Parts) -> None:
    async def run() -> None:
        reason = NotTranslated("no-date", path="Notice/Date", remedy="give a date")
        await parts.outbox.set_aside("a", reason, native=b"<Notice/>")
        await parts.outbox.set_aside("a", reason, native=b"<Notice/>")
        assert parts.store.look(parts.outbox.counts).untranslated == 1
        await parts.outbox.put(draft("a"))

    asyncio.run(run())
    assert parts.store.look(parts.outbox.counts).untranslated == 0


def test_what_was_taken_is_there_after_a_restart(store: Store) -> None:
    asyncio.run(made(store).outbox.put(draft("a")))
    again = made(store)
    assert asyncio.run(again.outbox.put(draft("a"))).again
    assert _leaving(again) == [(CHILD, 1)]


def test_no_error_shows_a_payload(parts: Parts) -> None:
    table = parts.store.tables.outbox

    def break_it(connection: object) -> None:
        connection.execute(table.insert(), [{"reference": "Gwen Invented"}])  # type: ignore[attr-defined]

    with pytest.raises(Exception, match="did not take it") as failure:
        asyncio.run(parts.store.write(break_it))
    assert "Gwen" not in str(failure.value)
    assert parts.store.look(lambda connection: connection.execute(select(table)).all()) == []


def test_an_id_that_the_agencys_system_chose_is_the_events_and_says_how_far_it_came(parts: Parts) -> None:
    own = "5f0c8d2e-6b1a-4c55-9d3e-2f7a1b0c4d61"
    taken = asyncio.run(parts.outbox.put(draft(own, id=own)))
    assert taken == Taken(own)
    assert asyncio.run(parts.outbox.put(draft(own, id=own))) == Taken(own, again=True)
    state = parts.store.look(lambda connection: parts.outbox.state_of(connection, own))
    assert state is not None
    assert state.state == "waiting"
    assert parts.store.look(lambda connection: parts.outbox.state_of(connection, "another")) is None
