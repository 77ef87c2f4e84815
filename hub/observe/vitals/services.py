"""Decides how projector and export of traces stand, from their own progress and from what PostgreSQL answers."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

from prometheus_client.core import Metric

from hub.observe.projection.projector import Projected, ProjectorState
from hub.observe.traces.service import Exported, TracesState
from hub.observe.vitals.question import Question
from hub.vitals.figures import (
    LAST_LOOK,
    PROJECTOR_LAST_BATCH,
    PROJECTOR_LAST_COMMIT,
    PROJECTOR_RECORDS,
    PROJECTOR_STATE,
    PROJECTOR_WAITING,
    SERVER_UP,
    TRACES_LAST_EXPORT,
    TRACES_RECORDS,
    TRACES_SPANS,
    TRACES_STATE,
    TRACES_WAITING,
    Bounds,
    Server,
)
from hub.vitals.sheet import Sheet
from hub.vitals.standstill import Standstill


class Progress(Protocol):
    """What a service tells of its work."""

    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def records(self) -> int: ...
    @property
    def waiting(self) -> int: ...


Known = TypeVar("Known", bound=Progress)
Answer = TypeVar("Answer")


class ServiceVitals(ABC, Generic[Known, Answer]):
    """What is known of a service that copies from one place to another, one batch at a time."""

    name: ClassVar[str]

    def __init__(self, progress: Known, question: Question[Answer], *, stands_after_s: float, bounds: Bounds) -> None:
        self._progress = progress
        self._question = question
        self._stands_after_s = stands_after_s
        self._bounds = bounds
        self._standstill = Standstill()
        self._looked_at = 0.0

    async def look(self) -> None:
        """Ask PostgreSQL, and see whether the service has got on."""
        await self._question.look()
        progress, now = self._progress, time.time()
        self._standstill.look(progress.waiting, got_to=progress.records, at=now)
        self._looked_at = now

    def unready(self) -> Sequence[str]:
        """Why it can't do its work now; one that stands by for another's end is ready."""
        lacks = [self._question.away] if self._question.away else []
        if self._progress.state not in ("working", "standby"):
            reason = f": {self._progress.reason}" if self._progress.reason else ""
            lacks.append(f"the {self.name} is {self._progress.state}{reason}")
        return lacks

    def standing(self) -> Sequence[str]:
        """What stands still."""
        now = time.time()
        seconds = max(self._standstill.seconds(now), self._in_hand_s(now))
        if seconds <= self._stands_after_s:
            return []
        return [f"the {self.name} is {self._progress.state} and has got nothing done for {seconds:.0f} s"]

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment."""
        sheet = Sheet(self._bounds)
        sheet.put(SERVER_UP, not self._question.away, Server.POSTGRESQL)
        if self._looked_at:
            sheet.put(LAST_LOOK, self._looked_at)
        self._put(sheet)
        yield from sheet.metrics()

    @abstractmethod
    def _put(self, sheet: Sheet) -> None:
        """Say what this service alone has to say."""

    def _in_hand_s(self, now: float) -> float:
        """How long the batch in hand has taken by now."""
        return 0.0


class ProjectorVitals(ServiceVitals[Projected, Sheet]):
    """What is known of the projector, with what the tables say of hub and agencies."""

    name = "projector"

    def __init__(
        self, progress: Projected, question: Question[Sheet], *, prefix: str, stands_after_s: float, bounds: Bounds
    ) -> None:
        """`prefix` stands before every topic's name."""
        super().__init__(progress, question, stands_after_s=stands_after_s, bounds=bounds)
        self._prefix = prefix

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment; those of the tables are as old as the last look, and gone while it fails."""
        yield from super().collect()
        if self._question.answer is not None and not self._question.away:
            yield from self._question.answer.metrics()

    def _put(self, sheet: Sheet) -> None:
        progress = self._progress
        sheet.put_state(PROJECTOR_STATE, progress.state, ProjectorState)
        sheet.put(PROJECTOR_RECORDS, progress.records)
        if progress.moved_at:
            sheet.put(PROJECTOR_LAST_COMMIT, progress.moved_at)
            sheet.put(PROJECTOR_LAST_BATCH, progress.batch_s)
        for (topic, lane), lag in progress.lag.items():
            sheet.put(PROJECTOR_WAITING, lag, topic.removeprefix(self._prefix), lane)

    def _in_hand_s(self, now: float) -> float:
        return now - self._progress.begun_at if self._progress.begun_at else 0.0


class TracesVitals(ServiceVitals[Exported, bool]):
    """What is known of the export."""

    name = "export of traces"

    def _put(self, sheet: Sheet) -> None:
        progress = self._progress
        sheet.put_state(TRACES_STATE, progress.state, TracesState)
        sheet.put(TRACES_RECORDS, progress.records)
        sheet.put(TRACES_SPANS, progress.spans)
        if progress.moved_at:
            sheet.put(TRACES_LAST_EXPORT, progress.moved_at)
        for lane, lag in progress.lag.items():
            sheet.put(TRACES_WAITING, lag, lane)
