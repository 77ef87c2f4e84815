"""Decides how a worker of the hub stands, from what its lanes say and what Kafka and Redis answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence

from prometheus_client.core import Metric

from hub.backlog import Backlog
from hub.errors import Unavailable
from hub.lane import LaneState, Progress
from hub.vitals.figures import (
    LANE_LAST_COMMIT,
    LANE_STATE,
    LAST_LOOK,
    SERVER_UP,
    Bounds,
    Server,
)
from hub.vitals.lanes import put_lanes
from hub.vitals.sheet import Sheet
from hub.worker import Worker

Ask = Callable[[], Awaitable[None]]
"""Raises `Unavailable` where a server doesn't answer."""


class WorkerVitals:
    """What is known of one worker."""

    def __init__(
        self, worker: Worker, *, backlog: Backlog, ask_redis: Ask, stands_after_s: float, bounds: Bounds
    ) -> None:
        self._worker = worker
        self._backlog = backlog
        self._ask_redis = ask_redis
        self._stands_after_s = stands_after_s
        self._bounds = bounds
        self._redis_away = ""
        self._looked_at = 0.0

    async def look(self) -> None:
        """Ask Kafka and Redis, both at once."""
        await asyncio.gather(self._backlog.look(time.time_ns() // 1_000_000), self._look_at_redis())
        self._looked_at = time.time()

    def unready(self) -> Sequence[str]:
        """Why it can't do its work now."""
        if not self._looked_at:
            return ["the worker has not asked Kafka and Redis yet"]
        return list(self._lacks())

    def standing(self) -> Sequence[str]:
        """The lanes that stand still though records wait for them."""
        return [why for number, progress in self._worker.lanes.items() if (why := self._stands(number, progress))]

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment."""
        sheet = Sheet(self._bounds)
        for number, progress in self._worker.lanes.items():
            sheet.put_state(LANE_STATE, progress.state, LaneState, number)
            if progress.moved_at:
                sheet.put(LANE_LAST_COMMIT, progress.moved_at, number)
        if self._looked_at:
            self._put_seen(sheet)
        yield from sheet.metrics()

    def _put_seen(self, sheet: Sheet) -> None:
        sheet.put(LAST_LOOK, self._looked_at)
        sheet.put(SERVER_UP, not self._redis_away, Server.REDIS)
        sheet.put(SERVER_UP, not self._backlog.away, Server.KAFKA)
        put_lanes(sheet, self._backlog)

    async def _look_at_redis(self) -> None:
        try:
            await self._ask_redis()
        except Unavailable as away:
            self._redis_away = str(away)
        else:
            self._redis_away = ""

    def _lacks(self) -> Iterator[str]:
        if self._backlog.away:
            yield "Kafka doesn't tell its offsets"
        if self._redis_away:
            yield self._redis_away
        if not self._worker.joined:
            yield "the group has not given this worker its lanes"
        for number, progress in self._worker.lanes.items():
            if progress.state is not LaneState.WORKING:
                yield f"lane {number} is {progress.state}{f': {progress.reason}' if progress.reason else ''}"

    def _stands(self, number: int, progress: Progress) -> str:
        if progress.state is LaneState.IN_DOUBT:
            return f"lane {number} has stopped: see the runbook, 'A transaction in doubt'"
        seen = self._backlog.seen
        standing_s = seen.standing_ms(number) / 1000 if seen is not None else 0.0
        if seen is None or standing_s <= self._stands_after_s:
            return ""
        return f"lane {number} is {progress.state}: {seen.waiting[number]} records wait, none for {standing_s:.0f} s"
