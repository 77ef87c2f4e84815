"""Decides how long the store keeps what events say: a child's data go, ids stay, so that a repeat is still known."""

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import Column, Connection, Table, select, update

from adapters.sdk.clock import Clock, system_clock
from adapters.sdk.errors import NotStored
from adapters.sdk.store import Store
from adapters.sdk.waits import stopped_within
from contracts.topics import DAY_MS

log = structlog.get_logger("dolen.adapter")

LOOK_S = 600.0
"""Between two looks."""
ROWS = 200
"""Cleared in one transaction, so that nobody waits long behind it."""
BREATH_S = 0.05
"""Between two transactions."""


@dataclass
class Clearing:
    """Empties what was settled, and natives that could not be translated, `keep_days` later; 0 keeps all."""

    store: Store
    keep_days: int
    clock: Clock = system_clock

    async def run(self, stop: asyncio.Event) -> None:
        """Clear until `stop`."""
        while self.keep_days and not stop.is_set():
            try:
                cleared = await self.store.write(self.some)
            except NotStored as failure:
                log.warning("store.not_cleared", error=str(failure))
                cleared = 0
            if cleared:
                log.info("store.cleared", rows=cleared)
            await stopped_within(stop, BREATH_S if cleared else LOOK_S)

    def some(self, connection: Connection) -> int:
        """Clear a few rows of each table; how many there were."""
        before, tables = self.clock() - self.keep_days * DAY_MS, self.store.tables
        return sum(
            _clear(connection, table, content, since, before)
            for table, content, since in (
                (tables.inbox, tables.inbox.c.value, tables.inbox.c.settled_at),
                (tables.outbox, tables.outbox.c.value, tables.outbox.c.settled_at),
                (tables.untranslated, tables.untranslated.c.native, tables.untranslated.c.seen_at),
            )
        )


def _clear(connection: Connection, table: Table, content: Column[bytes], since: Column[int], before: int) -> int:
    (key,) = table.primary_key
    old = select(key).where(since < before, content.is_not(None)).order_by(since).limit(ROWS)
    return connection.execute(update(table).where(key.in_(old)).values({content: None})).rowcount
