"""What time it is, as something that is given: no part of the portal reads the wall clock by itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives now, with an offset."""

WALES = ZoneInfo("Europe/London")


def wall_clock() -> datetime:
    """The machine's."""
    return datetime.now(UTC)
