"""Keeps when each part of an adapter last came round: one that comes no more hangs, whatever its servers do."""

import time
from collections.abc import Callable, Mapping


class Rounds:
    """Of one adapter; a part is known from its first round on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._came_at: dict[str, float] = {}

    def came(self, part: str) -> None:
        """A part is at the beginning of a round."""
        self._came_at[part] = self._clock()

    def ago(self) -> Mapping[str, float]:
        """Seconds since, by part."""
        now = self._clock()
        return {part: now - at for part, at in self._came_at.items()}
