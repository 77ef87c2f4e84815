"""A notification that ends the adapter's process is parked after its tries; one that only stood beside it is not."""

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.sdk.declaration import Notification
from adapters.sdk.inbox import ENDED
from adapters.sdk.outcome import Delivered, Outcome
from adapters.sdk.parked import parked, retry
from adapters.sdk.store import Store
from adapters.sdk.tables import VERSION
from tests.adapter_parts import CHILD, Parts, made, notification

TRIES = 3
OTHERS = [f"00000000-0000-4000-8000-{number:012}" for number in range(8)]
KILLED = 9


def _url(folder: Path) -> str:
    return f"sqlite:///{folder}/adapter.db"


def _life(folder: Path, *, hours: int) -> int:
    """One process of the adapter, so long after the first, until nothing is due or it is dead; its exit code."""
    pid = os.fork()
    if pid == 0:
        try:
            _live(folder, hours)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _live(folder: Path, hours: int) -> None:
    given = os.open(folder / "given", os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    async def deliver(native: object, notification: Notification) -> Outcome:
        await asyncio.sleep(0.01)  # so that others are under way too when the process ends
        if notification.delivery.subject == CHILD:
            os._exit(KILLED)
        os.write(given, f"{notification.delivery.subject} {notification.delivery.sequence}\n".encode())
        return Delivered()

    with Store(_url(folder)) as store:
        parts = made(store, tries=TRIES)
        parts.clock.forward(3600 * hours)
        parts.edge.deliver = deliver  # type: ignore[method-assign]
        asyncio.run(parts.deliver_until(lambda: _idle(parts)))


def _idle(parts: Parts) -> bool:
    parts.clock.forward(1)
    counts = parts.store.look(parts.inbox.counts)
    return counts.waiting == counts.parked


def _fill(folder: Path) -> None:
    with Store(_url(folder)) as store:
        parts = made(store)
        everybody = [notification(number, subject=child) for number in (1, 2, 3) for child in (CHILD, *OTHERS)]
        asyncio.run(parts.inbox.store(everybody))


def test_a_notification_that_ends_the_process_is_parked_after_its_tries_and_other_children_go_on(
    tmp_path: Path,
) -> None:
    _fill(tmp_path)
    ends = [_life(tmp_path, hours=life) for life in range(TRIES + 2)]
    assert ends == [*[KILLED] * TRIES, 0, 0], "no more tries than are allowed"
    given = (tmp_path / "given").read_text().splitlines()
    for child in OTHERS:
        of_child = list(dict.fromkeys(line for line in given if line.startswith(child)))
        assert of_child == [f"{child} {number}" for number in (1, 2, 3)]
    with Store(_url(tmp_path)) as store:
        (stands,) = store.look(lambda connection: parked(connection, store.tables))
        assert (stands.sequence, stands.tries, stands.reason, stands.behind) == (1, TRIES, ENDED, 2)


def test_what_stood_beside_it_is_tried_alone_afterwards_and_never_parked(tmp_path: Path) -> None:
    _fill(tmp_path)
    _life(tmp_path, hours=0)
    with Store(_url(tmp_path)) as store:
        left = store.look(made(store).inbox.under_way)
        assert len(left) > 1, "others were under way"
    for life in range(1, TRIES + 1):
        _life(tmp_path, hours=life)
    with Store(_url(tmp_path)) as store:
        found = store.look(lambda connection: connection.execute(text("SELECT state, attempts FROM inbox")).all())
    assert sorted(row.attempts for row in found if row.state == "waiting") == [0, 0, TRIES]
    assert {row.attempts for row in found if row.state == "delivered"} <= {1, 2}, "once beside it, once alone"


def test_a_person_may_give_it_all_its_tries_again(tmp_path: Path) -> None:
    _fill(tmp_path)
    for life in range(TRIES + 1):
        _life(tmp_path, hours=life)
    with Store(_url(tmp_path)) as store:
        (stands,) = store.look(lambda connection: parked(connection, store.tables))
        asyncio.run(store.write(lambda connection: retry(connection, store.tables, stands.delivery)))
    assert [_life(tmp_path, hours=10_000 + life) for life in range(TRIES + 1)] == [*[KILLED] * TRIES, 0]


TO_VERSION_2 = """
DROP INDEX inbox_kept; DROP INDEX outbox_kept; DROP INDEX untranslated_kept;
ALTER TABLE outbox DROP COLUMN mended_at; UPDATE version SET number=2;
"""
TO_VERSION_1 = "DROP INDEX inbox_begun; ALTER TABLE inbox DROP COLUMN begun_at; UPDATE version SET number=1;"


@pytest.mark.parametrize("back", [TO_VERSION_2, TO_VERSION_2 + TO_VERSION_1])
def test_a_store_of_a_version_before_is_brought_up_and_keeps_what_it_has(tmp_path: Path, back: str) -> None:
    _fill(tmp_path)
    with Store(_url(tmp_path)) as store:
        made_now = store.look(lambda connection: connection.execute(text(_MADE)).all())
    database = sqlite3.connect(tmp_path / "adapter.db")
    database.executescript(back)
    database.close()
    with Store(_url(tmp_path)) as store:
        parts = made(store)
        asyncio.run(parts.deliver_until(lambda: _idle(parts)))
        version = store.look(lambda connection: connection.execute(text("SELECT number FROM version")).scalar_one())
        assert set(made_now) == set(store.look(lambda connection: connection.execute(text(_MADE)).all()))
    assert len(parts.edge.given) == 27
    assert version == VERSION


_MADE = """
SELECT tbl_name, name FROM sqlite_master WHERE type = 'index'
UNION SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'
"""
"""Indexes and columns."""
