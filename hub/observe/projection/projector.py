"""Reads the hub's own topics into PostgreSQL, each record once: positions are stored with the rows, nowhere else.

One projector works, however many run: it holds a lock in the database, and moves the positions on from where it read
them. Killed at any point, it or the next one reads on from there. What is read is what is committed.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import psycopg
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError, IntegrityError

from hub.errors import StartRefused, Unavailable
from hub.observe.projection.batch import Head
from hub.observe.projection.build import Builder
from hub.observe.projection.keys import KeyringFile
from hub.observe.projection.write import Overtaken, read_heads, write
from hub.offsets import Place
from hub.record import Coordinates
from hub.scan import reader
from hub.settings import Settings
from hub.store.database import holding, writing
from hub.store.migrate import migrate
from hub.store.months import Month, drop_before, make_months, month_of, months_made

log = structlog.get_logger("dolen.projector")

READ_TIMEOUT_MS = 500
BATCH_RECORDS = 4000
"""A batch is what is there, up to so many records: one transaction in PostgreSQL."""
LONGEST_WAIT_S = 5.0
TIDY_EVERY_S = 3600.0


class ProjectorState(StrEnum):
    """What the projector is doing."""

    STANDBY = "standby"
    """Another projector works on these tables."""
    WORKING = "working"
    WAITING = "waiting"
    """Kafka or PostgreSQL is away."""
    STOPPED = "stopped"


@dataclass(slots=True)
class Projected:
    """What operators see of the projector."""

    state: ProjectorState = ProjectorState.STOPPED
    records: int = 0
    batches: int = 0
    moved_at: float = 0.0
    """Wall clock of the last commit, seconds since 1970."""
    batch_s: float = 0.0
    """How long the last batch took to be made and written."""
    begun_at: float = 0.0
    """Wall clock at which the batch in hand was begun; 0: there is none."""
    lag: dict[Place, int] = field(default_factory=dict)
    """Offsets between what is read and what can be, transactions' markers included."""
    reason: str = ""
    """Why it waits."""

    @property
    def waiting(self) -> int:
        """Offsets in all that can be read and are not yet dealt with."""
        return sum(self.lag.values())


class Projector:
    """Runs until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Engine,
        builder: Builder,
        keys: KeyringFile,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.progress = Projected()
        self._settings = settings
        self._engine = engine
        self._builder = builder
        self._keys = keys
        self._now_ms = now_ms
        self._heads: dict[Place, Head] = {}
        self._months: set[Month] = set()
        self._stopping = False

    def stop(self) -> None:
        """Ask it to end after the batch in hand."""
        self._stopping = True

    async def run(self, *, until_caught_up: bool = False) -> None:
        """Work, and begin anew after every failure that passes; returns when asked to stop, or at the topics' end."""
        wait = self._settings.retry_wait_s
        try:
            while not self._stopping:
                started = time.monotonic()
                try:
                    async with self._alone():
                        await self._work(until_caught_up=until_caught_up)
                    if until_caught_up:
                        return
                except (Overtaken, Unavailable, KafkaError, TimeoutError) as away:
                    self._note(ProjectorState.WAITING, str(away))
                    long = time.monotonic() - started > 10
                    wait = self._settings.retry_wait_s if long else min(2 * wait, LONGEST_WAIT_S)
                    await asyncio.sleep(wait)
        finally:
            self._note(ProjectorState.STOPPED)

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Hold the projectors' lock; wait for it while another has it."""
        holder = holding(self._engine)
        connection = await asyncio.to_thread(holder.__enter__)
        try:
            while not await asyncio.to_thread(locked, connection) and not self._stopping:
                self._note(ProjectorState.STANDBY)
                await asyncio.sleep(1)
            yield
        finally:
            await asyncio.to_thread(holder.__exit__, None, None, None)

    async def _work(self, *, until_caught_up: bool) -> None:
        await asyncio.to_thread(self._prepare)
        async with reader(self._settings.kafka_client()) as consumer:
            places = [TopicPartition(topic, lane) for topic in self._builder.topics for lane in self._lanes]
            consumer.assign(places)
            await self._seek(consumer, places)
            self._note(ProjectorState.WORKING)
            ends = await consumer.end_offsets(places) if until_caught_up else None
            await self._read(consumer, places, ends)

    @property
    def _lanes(self) -> range:
        return range(self._settings.lanes)

    def _prepare(self) -> None:
        with writing(self._engine) as connection:
            migrate(connection)
        with writing(self._engine) as connection:
            self._heads = read_heads(connection)
            self._tidy(connection)

    def _tidy(self, connection: Connection) -> None:
        this = month_of(self._now_ms())
        make_months(connection, [this, this.later(1)])
        for gone in drop_before(connection, self._kept_from()):
            log.info("projector.month_dropped", month=f"{gone.year}-{gone.month:02}")
        self._months = months_made(connection)

    def _kept_from(self) -> Month:
        return month_of(self._now_ms()).later(-self._settings.database.keep_months)

    async def _seek(self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> None:
        beginnings, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        for place in places:
            at = self._heads.get((place.topic, place.partition), Head()).next_offset
            if at > ends[place]:
                raise StartRefused(
                    f"the tables hold {place.topic}/{place.partition} up to {at}, and the topic ends at {ends[place]}: "
                    "they are of other topics; name another database, or run `dolen projector rebuild`"
                )
            consumer.seek(place, max(at, beginnings[place]))

    async def _read(
        self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], ends: Mapping[TopicPartition, int] | None
    ) -> None:
        """Write one batch while the next is fetched."""
        tidied = looked = time.monotonic()
        in_hand: asyncio.Task[None] | None = None
        try:
            while not self._stopping:
                fetched = await consumer.getmany(timeout_ms=READ_TIMEOUT_MS, max_records=BATCH_RECORDS)
                if in_hand is not None:
                    done, in_hand = in_hand, None
                    await done
                    self.progress.begun_at = 0.0
                records = [record for of_place in fetched.values() for record in of_place]
                if records:
                    self.progress.begun_at = time.time()
                    in_hand = asyncio.create_task(asyncio.to_thread(self._write, records))
                if time.monotonic() - looked > 1 or not records:
                    looked = time.monotonic()
                    await self._look(consumer, places)
                if not records and ends is not None and await _all_read(consumer, ends):
                    return
                if time.monotonic() - tidied > TIDY_EVERY_S and in_hand is None:
                    tidied = time.monotonic()
                    await asyncio.to_thread(self._tidied)
        finally:
            if in_hand is not None:
                await in_hand
            self.progress.begun_at = 0.0

    def _tidied(self) -> None:
        with writing(self._engine) as connection:
            self._tidy(connection)

    def _write(self, records: Sequence[ConsumerRecord], refused: Sequence[Coordinates] = ()) -> None:
        """Write records in one transaction; what PostgreSQL does not take is found by halves, and left out."""
        started = time.monotonic()
        batch = self._builder.build(records, self._heads, keyring=self._keys.current(), refused=refused)
        months = set(self._months)
        try:
            with writing(self._engine) as connection:
                write(connection, batch, made=months, kept_from=self._kept_from())
        except (DataError, IntegrityError, psycopg.DataError, psycopg.IntegrityError) as wrong:
            if refused:
                raise
            if len(records) == 1:
                at = Coordinates(records[0].topic, records[0].partition, records[0].offset)
                log.error("projector.unreadable", at=str(at), error=type(wrong).__name__, alarm=True)
                self._write(records, [at])
            else:
                self._write(records[: len(records) // 2])
                self._write(records[len(records) // 2 :])
            return
        self._heads |= batch.heads
        self._months = months
        progress = self.progress
        progress.records += len(records)
        progress.batches += 1
        progress.moved_at, progress.batch_s = time.time(), time.monotonic() - started
        log.debug("projector.batch", records=len(records), seconds=round(progress.batch_s, 4))

    async def _look(self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> None:
        for place in places:
            end = consumer.last_stable_offset(place)
            if end is not None:
                lag = max(0, end - await consumer.position(place))
                self.progress.lag[place.topic, place.partition] = lag

    def _note(self, state: ProjectorState, reason: str = "") -> None:
        if (state, reason) != (self.progress.state, self.progress.reason):
            self.progress.state, self.progress.reason = state, reason
            log.info("projector.state", state=state.value, reason=reason)


async def _all_read(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    return all([await consumer.position(place) >= end for place, end in ends.items()])


def locked(connection: Connection) -> bool:
    """Take the projectors' lock for as long as the connection lives; False where another projector has it."""
    found = connection.execute(text("SELECT pg_try_advisory_lock(hashtext('dolen.projector ' || current_schema()))"))
    return bool(found.scalar_one())
