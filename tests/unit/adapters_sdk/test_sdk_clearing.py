"""A child's data leave the store a while after they were settled; ids stay, and a repeat is still known as one."""

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Table, select

from adapters.sdk.clearing import ROWS, Clearing
from adapters.sdk.declaration import NotTranslated
from adapters.sdk.outcome import Delivered, Refused, Retry
from tests.adapter_parts import CHILD, OTHER_CHILD, Parts, draft, hub_receipt, notification

KEPT = 30
LATE = KEPT * 86_400 + 1


def _clearing(parts: Parts, *, keep_days: int = KEPT) -> Clearing:
    return Clearing(parts.store, keep_days, clock=parts.clock)


def _rows(parts: Parts, table: Table) -> Sequence[Any]:
    return parts.store.look(lambda connection: connection.execute(select(table)).all())


def _contents(parts: Parts) -> list[bool]:
    """Of each row of inbox and outbox, whether its content is kept."""
    tables = parts.store.tables
    return [row.value is not None for table in (tables.inbox, tables.outbox) for row in _rows(parts, table)]


async def _clear(parts: Parts, *, keep_days: int = KEPT) -> None:
    while await parts.store.write(_clearing(parts, keep_days=keep_days).some):
        pass


async def _handled(parts: Parts, waiting: int = 0) -> None:
    await parts.deliver_until(lambda: parts.store.look(parts.inbox.counts).waiting == waiting)


async def _all_accepted(parts: Parts) -> None:
    events = [row.event_id for row in _rows(parts, parts.store.tables.outbox)]
    await parts.inbox.store([hub_receipt("accepted", event) for event in events])


def test_what_was_settled_long_enough_ago_is_cleared_and_no_day_sooner(parts: Parts) -> None:
    parts.edge.answer = lambda given: Refused("other") if given.delivery.subject == OTHER_CHILD else Delivered()

    async def run() -> None:
        await parts.inbox.store([notification(1), notification(1, subject=OTHER_CHILD)])
        await _handled(parts)
        await _all_accepted(parts)
        parts.clock.forward(KEPT * 86_400)
        await _clear(parts)
        assert _contents(parts) == [True] * 4
        parts.clock.forward(1)
        await _clear(parts)

    asyncio.run(run())
    assert _contents(parts) == [False] * 4


def test_what_is_not_settled_stays_however_old_it_is(parts: Parts) -> None:
    parts.edge.answer = lambda given: Retry("system-away")

    async def run() -> None:
        await parts.inbox.store([notification(1)])
        await parts.outbox.put(draft())
        parts.clock.forward(10 * LATE)
        await _clear(parts)
        (event,) = await parts.store.read(partial(parts.outbox.leaving, limit=10))
        assert json.loads(event.value)["subject"] == CHILD
        (due,) = await parts.store.read(partial(parts.inbox.due, limit=10))
        assert json.loads(due.value)["subject"] == CHILD

    asyncio.run(run())


def test_a_repeat_is_still_known_after_its_content_is_gone(parts: Parts) -> None:
    async def run() -> None:
        taken = await parts.outbox.put(draft())
        await parts.inbox.store([hub_receipt("accepted", taken.event_id), notification(1)])
        await _handled(parts)
        parts.clock.forward(LATE)
        await _clear(parts)
        again = await parts.outbox.put(draft())
        assert (again.event_id, again.again, again.differs) == (taken.event_id, True, False)
        await parts.inbox.store([notification(1)])
        await _handled(parts)

    asyncio.run(run())
    assert len(parts.edge.given) == 1


def test_a_native_record_that_was_not_translated_goes_too_and_its_reason_stays(parts: Parts) -> None:
    async def run() -> None:
        reason = NotTranslated("no-date", path="Notice/Date", remedy="give a date")
        await parts.outbox.set_aside("a", reason, native=b"<Notice/>")
        parts.clock.forward(LATE)
        await parts.outbox.set_aside("b", reason, native=b"<Notice/>")
        await _clear(parts)

    asyncio.run(run())
    found = _rows(parts, parts.store.tables.untranslated)
    assert {row.reference: (row.native, row.code) for row in found} == {
        "a": (None, "no-date"),
        "b": (b"<Notice/>", "no-date"),
    }


def test_a_rejected_event_without_content_that_was_sent_on_is_accepted(parts: Parts) -> None:
    async def run() -> None:
        taken = await parts.outbox.put(draft())
        await parts.inbox.store([hub_receipt("rejected", taken.event_id, offset=1, authenticated=True)])
        await parts.outbox.put(draft(correlationid=taken.event_id))
        (event,) = await parts.store.read(partial(parts.outbox.leaving, limit=10))
        await parts.store.write(lambda connection: parts.outbox.sent(connection, [(event, "referrals.v1/0/2", 0)]))
        await parts.inbox.store([hub_receipt("rejected", taken.event_id, offset=2, authenticated=True)])
        parts.clock.forward(LATE)
        await _clear(parts)
        await parts.inbox.store([hub_receipt("accepted", taken.event_id, offset=3)])

    asyncio.run(run())
    (row,) = _rows(parts, parts.store.tables.outbox)
    assert (row.value, row.state) == (None, "accepted")


def test_it_goes_in_small_parts_while_the_adapter_runs_and_ends_with_it(parts: Parts) -> None:
    many = ROWS + 50

    async def run() -> None:
        await parts.inbox.store([notification(number) for number in range(1, many + 1)])
        await _handled(parts)
        parts.clock.forward(LATE)
        assert await parts.store.write(_clearing(parts).some) == ROWS
        stop = asyncio.Event()
        running = asyncio.create_task(_clearing(parts).run(stop))
        async with asyncio.timeout(10):
            while any(row.value is not None for row in _rows(parts, parts.store.tables.inbox)):
                await asyncio.sleep(0.01)
        stop.set()
        await running

    asyncio.run(run())


def test_with_none_to_keep_by_everything_is_kept(parts: Parts) -> None:
    async def run() -> None:
        await parts.inbox.store([notification(1)])
        await _handled(parts)
        parts.clock.forward(LATE)
        await _clearing(parts, keep_days=0).run(asyncio.Event())

    asyncio.run(run())
    assert all(_contents(parts))
