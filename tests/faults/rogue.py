"""A worker that takes every lane without asking the group: what two workers for the same lanes look like."""

import asyncio

from hub.app import make_worker
from hub.log import configure_log
from hub.raw_records import read_any_header
from hub.settings import load_settings


async def take_all() -> None:
    """Run every lane, whoever has it."""
    worker = make_worker(load_settings())
    lanes = [worker._make_lane(number) for number in range(worker._settings.lanes)]
    await asyncio.gather(*(lane.run() for lane in lanes))


if __name__ == "__main__":
    configure_log(json=True)
    read_any_header()
    asyncio.run(take_all())
