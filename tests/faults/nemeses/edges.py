"""An adapter that is killed with its hands full, and its store's disk that is full."""

import asyncio
import sqlite3
from contextlib import closing

from tests.faults.adapter import Edge
from tests.faults.campaign import NotHere
from tests.faults.nemeses.disks import fill
from tests.faults.nemeses.registry import named

ADAPTER = "one adapter"


@named("adapter killed", site=ADAPTER)
async def adapter_killed(edge: Edge) -> None:
    """SIGKILL a moment after it did something."""
    await asyncio.to_thread(edge.campaign.kill_once, edge.kill)


@named("outbox killed", site=ADAPTER)
async def outbox_killed(edge: Edge) -> None:
    """SIGKILL while an event is on disk and the hub's receipt is not."""
    await edge.until(lambda: edge.open_in_outbox() > 0)
    edge.kill()
    edge.campaign.process.start()


@named("inbox killed", site=ADAPTER)
async def inbox_killed(edge: Edge) -> None:
    """SIGKILL while a notification is on disk and its outcome is not."""
    await edge.until(lambda: edge.open_in_inbox() > 0)
    edge.kill()
    edge.campaign.process.start()


@named("disk full under the outbox", site=ADAPTER)
async def disk_full(edge: Edge) -> None:
    """The disk fills until the adapter says that it could not take a record; then it dies, and there is room again."""
    if edge.disk is None:
        raise NotHere("a small disk has to be mounted, which needs root")
    taken, refused = edge.said("police.taken"), edge.said("police.not_stored")
    await edge.until(lambda: edge.said("police.taken") > taken)
    with closing(sqlite3.connect(edge.store, timeout=10)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else there is room in its log's file
    ballast = edge.store.with_name("ballast")
    fill(ballast)
    edge.struck()
    await edge.until(lambda: edge.said("police.not_stored") > refused)
    edge.campaign.process.kill()
    ballast.unlink()
    edge.look()
    edge.campaign.process.start()
