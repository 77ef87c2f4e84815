"""Decides how the console itself stands: whether it reaches PostgreSQL, and Kafka, which it looks at all the time."""

import time
from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

from hub.backlog import Backlog
from hub.observe.vitals.question import Question
from hub.vitals.figures import LAST_LOOK, SERVER_UP, Bounds, Server
from hub.vitals.lanes import put_lanes
from hub.vitals.sheet import Sheet


class ConsoleVitals:
    """What is known of the console."""

    def __init__(self, kafka: Backlog, question: Question[bool], bounds: Bounds) -> None:
        self._kafka = kafka
        self._question = question
        self._bounds = bounds
        self._looked_at = 0.0

    async def look(self) -> None:
        """Ask PostgreSQL."""
        await self._question.look()
        self._looked_at = time.time()

    def unready(self) -> Sequence[str]:
        """Why nobody can work with it; with Kafka away it still shows what the tables have."""
        return [self._question.away] if self._question.away else []

    def standing(self) -> Sequence[str]:
        """Nothing: it answers whoever asks, and has no work of its own that could be left undone."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Its servers, and the lanes as Kafka shows them: they are seen here too while no worker runs."""
        sheet = Sheet(self._bounds)
        if self._looked_at:
            sheet.put(LAST_LOOK, self._looked_at)
            sheet.put(SERVER_UP, not self._question.away, Server.POSTGRESQL)
            sheet.put(SERVER_UP, not self._kafka.away, Server.KAFKA)
        put_lanes(sheet, self._kafka)
        yield from sheet.metrics()
