"""Draws how much came in and went out in each minute of the last hour, as plain SVG that needs no script."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.store.flow import MINUTE_MS, FlowMinute

MINUTES = 60
WIDTH, HEIGHT = 780, 150
LEFT, BASE, TOP = 40, 125, 8
_STEP = (WIDTH - LEFT) / MINUTES
_GAP = 1.5


@dataclass(frozen=True, slots=True)
class Column:
    """One minute: two bars, each as x, y, width and height."""

    minute_ms: int
    events: int
    told: int
    into: tuple[float, float, float, float]
    out: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Chart:
    """The hour, drawn."""

    columns: Sequence[Column]
    most: int
    """What the axis reaches."""
    ticks: Sequence[tuple[float, int]]
    """Where a time is written below the axis, and which."""

    @property
    def middle(self) -> int:
        """What the line half-way up stands for."""
        return self.most // 2


def chart(minutes: Iterable[FlowMinute], now_ms: int) -> Chart:
    """The last sixty whole minutes and the one that has begun."""
    into: Counter[int] = Counter()
    out: Counter[int] = Counter()
    for minute in minutes:
        into[minute.minute_ms] += minute.events
        out[minute.minute_ms] += minute.told
    last = now_ms - now_ms % MINUTE_MS
    shown = [last - back * MINUTE_MS for back in reversed(range(MINUTES))]
    most = _round_up(max((max(into[minute], out[minute]) for minute in shown), default=0))
    columns = [_column(place, minute, into[minute], out[minute], most) for place, minute in enumerate(shown)]
    ticks = [
        (LEFT + (place + 0.5) * _STEP, minute)
        for place, minute in enumerate(shown)
        if minute // MINUTE_MS % 10 == 0 and place < MINUTES - 2
    ]
    return Chart(columns, most, ticks)


def _column(place: int, minute_ms: int, events: int, told: int, most: int) -> Column:
    width = (_STEP - _GAP) / 2
    x = LEFT + place * _STEP
    return Column(minute_ms, events, told, _bar(x, width, events, most), _bar(x + width, width, told, most))


def _bar(x: float, width: float, count: int, most: int) -> tuple[float, float, float, float]:
    height = count / most * (BASE - TOP)
    if count:
        height = max(height, 1.0)
    return round(x, 1), round(BASE - height, 1), round(width, 1), round(height, 1)


def _round_up(count: int) -> int:
    """An even number with one or two digits that mean something, at least 2."""
    scale = 1
    while count > 20 * scale:
        scale *= 10
    return max(2, -(-count // (2 * scale)) * 2 * scale)
