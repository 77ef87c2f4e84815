"""One child's notifications in order, a repeat never, a gap after a short wait, a failure to one child alone."""

import asyncio
import json
from datetime import timedelta

from adapters.sdk.declaration import Notification
from adapters.sdk.outcome import Delivered, Kept, Outcome, Refused, Retry
from adapters.sdk.store import Store
from contracts.registry import REGISTRY
from tests.adapter_parts import CHILD, OTHER_CHILD, Parts, made, notification, record

DELIVERED = "wales.child-protection.receipts.delivered.v1"
GAP = "wales.child-protection.receipts.gap.v1"


def _numbers(parts: Parts) -> list[int]:
    return [given.delivery.sequence for given in parts.edge.given]


def _answers(parts: Parts) -> list[dict[str, object]]:
    due = parts.store.look(lambda connection: connection.execute(parts.store.tables.outbox.select()).all())
    return [json.loads(row.value) for row in due]


def _away_at_first(given: Notification, *, number: int) -> Outcome:
    return Retry("system-away") if given.delivery.sequence == number and given.attempt == 1 else Delivered()


async def _all_handled(parts: Parts) -> None:
    await parts.deliver_until(lambda: parts.store.look(parts.inbox.counts).waiting == 0)


def test_a_childs_notifications_are_given_in_the_order_of_their_numbers(parts: Parts) -> None:
    async def run() -> None:
        await parts.inbox.store([notification(3), notification(1), notification(2)])
        await _all_handled(parts)

    asyncio.run(run())
    assert _numbers(parts) == [1, 2, 3]
    assert not any(given.gap for given in parts.edge.given)


def test_a_repeat_is_dropped_by_its_id_before_and_after_it_was_handled(parts: Parts) -> None:
    async def run() -> None:
        await parts.inbox.store([notification(1), notification(1)])
        await parts.inbox.store([notification(1)])
        await _all_handled(parts)
        await parts.inbox.store([notification(1)])
        await _all_handled(parts)

    asyncio.run(run())
    assert _numbers(parts) == [1]


def test_delivered_is_told_to_the_sender_in_an_event_that_the_hub_takes(parts: Parts) -> None:
    async def run() -> None:
        await parts.inbox.store([notification(1)])
        await _all_handled(parts)

    asyncio.run(run())
    (answer,) = _answers(parts)
    event = REGISTRY[DELIVERED].model.model_validate(answer, strict=False)
    given = parts.edge.given[0].delivery
    assert event.subject == given.subject
    assert event.data.model_dump()["delivery"] == given.id
    assert event.data.model_dump()["original"] == {"source": given.source, "id": given.origin}


def test_refused_is_told_with_its_reason(parts: Parts) -> None:
    parts.edge.answer = lambda given: Refused("not-our-child", "Nid ein plentyn ni.", "cy")

    async def run() -> None:
        await parts.inbox.store([notification(1)])
        await _all_handled(parts)

    asyncio.run(run())
    (answer,) = _answers(parts)
    assert answer["type"] == "wales.child-protection.receipts.refused.v1"
    assert answer["data"]["reason"] == "not-our-child"  # type: ignore[index]
    assert answer["data"]["explanation"] == {"text": "Nid ein plentyn ni.", "language": "cy"}  # type: ignore[index]


def test_an_answer_is_never_answered(parts: Parts) -> None:
    async def run() -> None:
        await parts.inbox.store([notification(5, event_type=DELIVERED)])
        await _all_handled(parts)

    asyncio.run(run())
    assert _numbers(parts) == [5]
    assert not parts.edge.given[0].gap, "answers are handled as they come"
    assert _answers(parts) == []


def test_one_that_comes_before_its_turn_waits_for_a_short_window_and_is_then_let_through(parts: Parts) -> None:
    async def run() -> None:
        await parts.inbox.store([notification(1), notification(3)])
        await parts.deliver_until(lambda: len(parts.edge.given) == 1)
        assert parts.store.look(parts.inbox.counts).waiting == 1
        parts.clock.forward(2.1)
        await _all_handled(parts)
        await parts.inbox.store([notification(2)])
        await _all_handled(parts)

    asyncio.run(run())
    assert _numbers(parts) == [1, 3, 2], "a late one is handled, never dropped"
    assert [given.gap for given in parts.edge.given] == [False, True, False]


def test_the_hub_is_told_once_of_the_numbers_that_did_not_come_when_one_is_let_through(parts: Parts) -> None:
    parts.edge.answer = lambda given: _away_at_first(given, number=5)

    async def run() -> None:
        await parts.inbox.store([notification(1, event_type=DELIVERED)])
        await _all_handled(parts)
        await parts.inbox.store([notification(5)])
        parts.clock.forward(2.1)
        await parts.deliver_until(lambda: len(parts.edge.given) == 2)
        (answer,) = _answers(parts)
        assert answer["type"] == GAP, "while the system is away, and not only once it has it"
        parts.clock.forward(61)
        await _all_handled(parts)

    asyncio.run(run())
    gap, delivered = _answers(parts)
    given = parts.edge.given[1].delivery
    event = REGISTRY[GAP].model.model_validate(gap, strict=False)
    assert event.data.model_dump()["delivery"] == given.id
    assert (event.data.model_dump()["missing_from"], event.data.model_dump()["missing"]) == (2, 3)
    assert delivered["type"] == DELIVERED


def test_the_first_that_an_agency_hears_of_a_child_is_a_beginning_and_no_gap(parts: Parts) -> None:
    async def run() -> None:
        await parts.inbox.store([notification(4)])
        await asyncio.sleep(0)
        assert parts.store.look(lambda connection: parts.inbox.due(connection, 1)) == [], "an earlier one may come yet"
        parts.clock.forward(2.1)
        await _all_handled(parts)
        await parts.inbox.store([notification(6)])
        parts.clock.forward(2.1)
        await _all_handled(parts)

    asyncio.run(run())
    assert [given.gap for given in parts.edge.given] == [False, True]
    assert [answer["type"] for answer in _answers(parts)] == [DELIVERED, GAP, DELIVERED]


def test_an_earlier_one_that_comes_within_the_window_goes_first(parts: Parts) -> None:
    async def run() -> None:
        await parts.inbox.store([notification(2)])
        await parts.inbox.store([notification(1)])
        await _all_handled(parts)

    asyncio.run(run())
    assert _numbers(parts) == [1, 2]
    assert not any(given.gap for given in parts.edge.given)


def test_a_failure_is_tried_again_later_and_others_do_not_wait_for_it(parts: Parts) -> None:
    def answer(given: Notification) -> Outcome:
        failing = given.delivery.subject == CHILD and given.delivery.sequence == 1 and given.attempt == 1
        return Retry("system-away") if failing else Delivered()

    parts.edge.answer = answer

    async def run() -> None:
        await parts.inbox.store([notification(1), notification(2), notification(1, subject=OTHER_CHILD)])
        await parts.deliver_until(lambda: len(parts.edge.given) == 2)
        await parts.deliver_until(lambda: parts.store.look(parts.inbox.counts).waiting == 2)
        parts.clock.forward(1.1)
        await _all_handled(parts)

    asyncio.run(run())
    tried = [(given.delivery.subject == CHILD, given.delivery.sequence, given.attempt) for given in parts.edge.given]
    assert sorted(tried[:2]) == [(False, 1, 1), (True, 1, 1)]
    assert tried[2:] == [(True, 1, 2), (True, 2, 1)]


def test_the_far_system_may_say_when_to_come_back(parts: Parts) -> None:
    parts.edge.answer = lambda given: Retry("busy", timedelta(minutes=5)) if given.attempt == 1 else Delivered()

    async def run() -> None:
        await parts.inbox.store([notification(1)])
        await parts.deliver_until(lambda: len(parts.edge.given) == 1)
        parts.clock.forward(299)
        await asyncio.sleep(0.05)
        assert parts.store.look(lambda connection: parts.inbox.due(connection, 1)) == []
        parts.clock.forward(2)
        await _all_handled(parts)

    asyncio.run(run())
    assert len(parts.edge.given) == 2


def test_after_the_last_try_the_child_is_parked_and_its_later_ones_queue_behind(parts: Parts) -> None:
    def answer(given: Notification) -> Outcome:
        if given.delivery.subject == CHILD:
            raise RuntimeError("Gwen Invented")
        return Delivered()

    parts.edge.answer = answer

    async def run() -> None:
        await parts.inbox.store([notification(1), notification(2)])
        for number in (1, 2, 3):
            await parts.deliver_until(lambda number=number: len(parts.edge.given) == number)
            parts.clock.forward(100)
        await parts.deliver_until(lambda: parts.store.look(parts.inbox.counts).parked_children == 1)
        await parts.inbox.store([notification(3), notification(1, subject=OTHER_CHILD)])
        await parts.deliver_until(lambda: len(parts.edge.given) == 4)

    asyncio.run(run())
    counts = parts.store.look(parts.inbox.counts)
    assert (counts.parked_children, counts.parked) == (1, 3)
    assert parts.edge.given[-1].delivery.subject == OTHER_CHILD


def test_an_outcome_that_comes_while_others_are_written_down_is_not_forgotten(parts: Parts) -> None:
    children = [f"00000000-0000-4000-8000-{number:012}" for number in range(40)]

    async def slow(native: object, given: Notification) -> Outcome:
        parts.edge.given.append(given)
        await asyncio.sleep(0.002 * (int(given.delivery.subject[-2:]) % 7))
        return Delivered()

    parts.edge.deliver = slow  # type: ignore[method-assign]

    async def run() -> None:
        await parts.inbox.store([notification(number, subject=child) for child in children for number in (1, 2, 3)])
        await _all_handled(parts)

    asyncio.run(run())
    assert len(parts.edge.given) == 120


def test_what_was_delivered_but_not_written_down_is_delivered_again_under_the_same_id(store: Store) -> None:
    first, second = made(store), made(store)

    async def run() -> None:
        await first.inbox.store([notification(1)])
        (due,) = store.look(lambda connection: first.inbox.due(connection, 1))
        await first.delivering._outcome(due)  # the process dies here
        await _all_handled(second)

    asyncio.run(run())
    assert first.edge.given[0].delivery.id == second.edge.given[0].delivery.id
    assert len(_answers(second)) == 1


def test_a_type_that_this_dolen_does_not_know_is_refused_and_others_go_on(parts: Parts) -> None:
    unknown = "wales.child-protection.referrals.invented.v1"

    async def run() -> None:
        await parts.inbox.store([notification(1, type=unknown), notification(2)])
        await _all_handled(parts)

    asyncio.run(run())
    assert _numbers(parts) == [2]
    assert [answer["type"] for answer in _answers(parts)] == [
        "wales.child-protection.receipts.refused.v1",
        DELIVERED,
    ]


def test_a_record_of_any_bytes_stops_nothing(parts: Parts) -> None:
    async def run() -> None:
        await parts.inbox.store([record(b"\xff"), record(b"[]"), record(b'{"id": 1}'), record(b""), notification(1)])
        await _all_handled(parts)

    asyncio.run(run())
    assert _numbers(parts) == [1]


def test_what_an_edge_keeps_for_later_is_handled_and_the_edge_answers_it_itself(parts: Parts) -> None:
    parts.edge.answer = lambda given: Kept()

    async def run() -> None:
        await parts.inbox.store([notification(1), notification(2)])
        await _all_handled(parts)

    asyncio.run(run())
    assert _numbers(parts) == [1, 2]
    assert _answers(parts) == []
