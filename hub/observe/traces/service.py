"""Exports the ledger as traces, every record, none sampled away: what is kept is how far the collector has taken it.

The position moves after the collector's yes, so a kill in between exports some records again, with the same ids. It
reads what the projector wrote, and stands beside it: a collector that is away holds nobody else up.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum

import structlog
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from sqlalchemy import Connection, Engine, text

from hub.errors import Unavailable
from hub.names import Names
from hub.observe.traces.portion import Portion, TablesBehind, read_portion
from hub.settings import Settings
from hub.store.database import holding, reading, writing
from hub.store.exported import note_exported
from hub.store.migrate import migrate

log = structlog.get_logger("dolen.traces")

MOST_RECORDS = 100
"""Of each lane in one request: some ten spans each, and a collector takes 4 MiB over gRPC."""
IDLE_S = 0.5
LONGEST_WAIT_S = 5.0


class TracesState(StrEnum):
    """What the export is doing."""

    STANDBY = "standby"
    """Another process exports from these tables."""
    WORKING = "working"
    WAITING = "waiting"
    """The collector or PostgreSQL is away."""
    STOPPED = "stopped"


@dataclass(slots=True)
class Exported:
    """What operators see of the export."""

    state: TracesState = TracesState.STOPPED
    records: int = 0
    spans: int = 0
    moved_at: float = 0.0
    """Wall clock of the collector's last yes, seconds since 1970."""
    lag: dict[int, int] = field(default_factory=dict)
    """For each lane: offsets between what is exported and what the tables hold."""
    reason: str = ""
    """Why it waits."""

    @property
    def waiting(self) -> int:
        """Offsets in all that the tables hold and are not yet dealt with."""
        return sum(self.lag.values())


class NotTaken(Exception):
    """The collector did not take a request."""


class Traces:
    """Runs until it is told to stop."""

    def __init__(self, settings: Settings, *, engine: Engine, exporter: SpanExporter) -> None:
        self.progress = Exported()
        self._settings = settings
        self._engine = engine
        self._exporter = exporter
        self._names = Names(settings.topic_prefix)
        self._most = MOST_RECORDS
        self._stopping = False

    def stop(self) -> None:
        """Ask it to end after the request in hand."""
        self._stopping = True
        self._exporter.shutdown()  # ends its waiting between tries

    async def run(self) -> None:
        """Work, and go on after every failure that passes; returns when asked to stop."""
        wait = self._settings.retry_wait_s
        try:
            while not self._stopping:
                try:
                    async with self._alone():
                        while not self._stopping:
                            moved = await asyncio.to_thread(self._export)
                            wait = self._settings.retry_wait_s
                            await asyncio.sleep(0 if moved else IDLE_S)
                except (NotTaken, TablesBehind, Unavailable) as away:
                    if not self._stopping:
                        self._note(TracesState.WAITING, str(away))
                        await asyncio.sleep(wait)
                        wait = min(2 * wait, LONGEST_WAIT_S)
        finally:
            self._note(TracesState.STOPPED)

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Hold the exporters' lock; wait for it while another has it."""
        holder = holding(self._engine)
        connection = await asyncio.to_thread(holder.__enter__)
        try:
            while not await asyncio.to_thread(_locked, connection) and not self._stopping:
                self._note(TracesState.STANDBY)
                await asyncio.sleep(1)
            await asyncio.to_thread(self._prepare)
            yield
        finally:
            await asyncio.to_thread(holder.__exit__, None, None, None)

    def _prepare(self) -> None:
        with writing(self._engine) as connection:
            migrate(connection)

    def _export(self) -> bool:
        """Export one portion; False where there was none."""
        with reading(self._engine) as connection:
            portion = read_portion(connection, self._names, limit=self._most)
        if portion.spans and self._exporter.export(portion.spans) is not SpanExportResult.SUCCESS:
            # Halves, down to one record of each lane: it may be the size that the collector refuses.
            self._most = max(1, self._most // 2)
            raise NotTaken("the collector did not take the spans; its own words are in the log above")
        if portion.to:
            with writing(self._engine) as connection:
                note_exported(connection, portion.to)
        self._most = min(2 * self._most, MOST_RECORDS)
        self._moved(portion)
        return portion.records > 0

    def _moved(self, portion: Portion) -> None:
        progress = self.progress
        self._note(TracesState.WORKING)
        progress.lag = dict(portion.lag)
        if portion.records:
            progress.records += portion.records
            progress.spans += len(portion.spans)
            progress.moved_at = time.time()
            log.debug("traces.exported", records=portion.records, spans=len(portion.spans))

    def _note(self, state: TracesState, reason: str = "") -> None:
        if (state, reason) != (self.progress.state, self.progress.reason):
            self.progress.state, self.progress.reason = state, reason
            log.info("traces.state", state=state.value, reason=reason)


def _locked(connection: Connection) -> bool:
    found = connection.execute(text("SELECT pg_try_advisory_lock(hashtext('dolen.traces ' || current_schema()))"))
    return bool(found.scalar_one())
