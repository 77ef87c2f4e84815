"""Decides where a step of a notification's path lies on the page's axis of time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hub.observe.steps import Step
from hub.observe.trail import Trail

WIDTH = 600
"""Units of the drawing; the axis ends a little before it, where what came later has its mark."""
AXIS = 580
_LEAST = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One step, drawn."""

    step: Step
    x: float
    width: float
    later: bool
    """It lies past the axis's end."""
    at_ms: int
    """Its begin, milliseconds since 1970."""

    @property
    def tone(self) -> str:
        """The name of its colour; what it means is also written."""
        return {True: "good", False: "bad", None: "plain"}[self.step.good]


def axis_of(trail: Trail) -> int:
    """Milliseconds from the event's arrival to the last record written of it: the hub's own work."""
    main = trail.main
    return max(1, max(main.written_ms, main.entry.hub.decided_ms) - main.entry.at.time_ms)


def bars(trail: Trail, steps: Iterable[Step]) -> Iterator[Bar]:
    """Each step on the axis of the hub's work."""
    axis, zero = axis_of(trail), trail.main.entry.at.time_ms
    for step in steps:
        later = step.start_ms > axis
        start = min(max(step.start_ms, 0), axis) / axis * AXIS
        end = min(max(step.end_ms, 0), axis) / axis * AXIS
        width = max(_LEAST, end - start)
        yield Bar(step, min(start, AXIS - width), width, later, zero + step.start_ms)
