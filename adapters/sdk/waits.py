"""Decides how long to wait before something is tried again."""

import asyncio
import contextlib
from random import Random


def backoff_ms(tries: int, *, first_ms: int, longest_ms: int, random: Random) -> int:
    """After so many failed tries: doubling waits, each with up to half of it taken off at random.

    The jitter keeps children that failed together from coming back together.
    """
    whole = min(longest_ms, first_ms * 2 ** min(tries - 1, 30))
    return int(whole * (1 - random.random() / 2))


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait; whether `stop` was set meanwhile."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()


async def either(stop: asyncio.Event, stirred: asyncio.Event, seconds: float) -> None:
    """Wait until one of two is set, at most so long."""
    if stop.is_set() or stirred.is_set():
        return
    waiting = [asyncio.create_task(event.wait()) for event in (stop, stirred)]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
