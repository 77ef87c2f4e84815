"""Decides for how long something has had work and not got on."""


class Standstill:
    """Told now and then what waits and how far it has got."""

    def __init__(self) -> None:
        self._moved_at: float | None = None
        self._got_to: object = None
        self.waiting = 0

    def look(self, waiting: int, *, got_to: object, at: float) -> None:
        """`got_to` changes whenever something was done; `at` in seconds."""
        if waiting == 0 or got_to != self._got_to or self._moved_at is None:
            self._moved_at = at
        self.waiting, self._got_to = waiting, got_to

    def seconds(self, at: float) -> float:
        """For how long; 0 where nothing waits."""
        return at - self._moved_at if self.waiting and self._moved_at is not None else 0.0
