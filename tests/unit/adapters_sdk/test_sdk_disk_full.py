"""A full disk under the outbox: what has no room is not called taken, nothing is half there, and it goes on later."""

import asyncio

import pytest
from sqlalchemy import Connection, event, text

from adapters.sdk.errors import NotStored
from adapters.sdk.store import Store
from tests.adapter_parts import CHILD, OTHER_CHILD, Parts, draft


def _full(store: Store) -> None:
    """As with a disk that has no room: SQLite may take no page more, on any connection."""
    event.listen(store._engine, "begin", _no_page_more)


def _no_page_more(connection: Connection) -> None:
    used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {used}")


def _room(store: Store) -> None:
    event.remove(store._engine, "begin", _no_page_more)
    store._engine.dispose()  # the limit is a connection's own


def _counts(parts: Parts) -> tuple[int, int]:
    def ask(connection: Connection) -> tuple[int, int]:
        events = connection.execute(text("SELECT count(*) FROM outbox")).scalar_one()
        numbers = connection.execute(text("SELECT coalesce(sum(sequence), 0) FROM outbox_lines")).scalar_one()
        return events, numbers

    return parts.store.look(ask)


def test_what_has_no_room_is_not_taken_nothing_is_half_there_and_it_goes_on_with_no_number_lost(parts: Parts) -> None:
    taken: list[str] = []

    async def put(number: int) -> None:
        child = CHILD if number % 2 else OTHER_CHILD
        await parts.outbox.put(draft(f"case-{number}", subject=child))
        taken.append(f"case-{number}")

    async def put_all(numbers: range) -> None:
        for number in numbers:
            await put(number)

    async def run() -> None:
        await put(0)
        _full(parts.store)
        with pytest.raises(NotStored, match=r"SQLITE_FULL.*disk has room.*again"):
            await put_all(range(1, 200))
        assert _counts(parts) == (len(taken), len(taken)), "an event for each that was taken, and a number for each"
        refused = await asyncio.gather(*(put(number) for number in range(500, 504)), return_exceptions=True)
        assert all(isinstance(one, NotStored) for one in refused), "many at once, which share a transaction"
        _room(parts.store)
        await put_all(range(len(taken), 200))

    asyncio.run(run())
    assert _counts(parts) == (200, 200)
    found = parts.store.look(
        lambda connection: connection.execute(text("SELECT line, sequence FROM outbox ORDER BY line, sequence")).all()
    )
    assert [row.sequence for row in found] == [*range(1, 101)] * 2, "each child's numbers without gap or repeat"
