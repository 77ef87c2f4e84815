"""The time, as the store writes it; tests put a clock of their own in its place."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]
"""Milliseconds since 1970."""


def system_clock() -> int:
    """This machine's."""
    return time.time_ns() // 1_000_000


def moment(time_ms: int) -> datetime:
    """The same moment as an event has it."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def iso(time_ms: int) -> str:
    """The same as RFC 3339 in UTC."""
    return moment(time_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
