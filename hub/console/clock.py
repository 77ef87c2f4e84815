"""What time it is, as something that is given; and the clocks of Wales, by which pages show it."""

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

Clock = Callable[[], int]
"""Gives now, milliseconds since 1970."""

WALES = ZoneInfo("Europe/London")


def wall_clock() -> int:
    """The machine's."""
    return time.time_ns() // 1_000_000
