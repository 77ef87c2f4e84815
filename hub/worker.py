"""One worker process: a member of the consumer group that runs the lanes which the group gives it."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from contracts.topics import DAY_MS
from hub.errors import DolenError, InDoubt
from hub.lane import Lane, LaneState, Progress
from hub.ledger import ChainHead
from hub.rules import Rules, RulesFiles
from hub.settings import Settings

log = structlog.get_logger("dolen.worker")

KeepHeads = Callable[[Mapping[int, ChainHead]], Sequence[int]]
"""Keeps heads of chains in a second place; the lanes that are further there."""
CHECKPOINT_LIMIT_S = 5.0
"""How long a lane that ends waits for its last checkpoint."""
SLOW_STEP_S = 10.0
"""A take-over's step that lasts longer is said at every look, until it ends."""
MakeLane = Callable[[int], Lane]


class Worker(ConsumerRebalanceListener):  # type: ignore[misc]
    """Owns whole lanes: the range assignor deals out topics with equal partition counts by partition number."""

    def __init__(self, *, settings: Settings, files: RulesFiles, make_lane: MakeLane, keep_heads: KeepHeads) -> None:
        self._settings = settings
        self._files = files
        self._make_lane = make_lane
        self._keep_heads = keep_heads
        self._lanes: dict[int, tuple[Lane, asyncio.Task[None]]] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._joined = False
        self._without_lanes_since = time.monotonic()

    @property
    def joined(self) -> bool:
        """Whether the group has said which lanes are this worker's; that may be none."""
        return self._joined

    @property
    def rules(self) -> Rules:
        """What is in force now."""
        return self._files.current

    @property
    def lanes(self) -> Mapping[int, Progress]:
        """What each lane of this worker is doing."""
        return {number: lane.progress for number, (lane, _) in self._lanes.items()}

    async def run(self, stop: asyncio.Event) -> None:
        """Join the group and work until `stop` is set; raises `InDoubt` once every lane here has stopped in doubt."""
        names = self._files.current.names
        self._consumer = consumer = self._make_consumer()
        await self._started(consumer, stop)
        consumer.subscribe(list(names.inbound), listener=self)
        keeping = asyncio.create_task(self._keep_checkpoints(), name="checkpoints")
        staying = asyncio.create_task(self._stay(consumer), name="membership")
        try:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), timeout=self._settings.policy_poll_s)
                self._files.refresh()
                self._raise_broken()
                if staying.done():
                    staying.result()
                self._say_what_is_slow()
        finally:
            keeping.cancel()
            staying.cancel()
            await self._stop_lanes()
            await consumer.stop()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """The group takes the lanes back: end each after the batch in hand."""
        self._joined, self._without_lanes_since = False, time.monotonic()
        await self._stop_lanes()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """The group gives lanes: start each; a lane begins by fencing whoever had it before, and reads by itself."""
        if self._consumer is None:
            return
        self._consumer.pause(*assigned)
        numbers = sorted({place.partition for place in assigned})
        log.info("worker.lanes", lanes=numbers)
        for number in numbers:
            lane = self._make_lane(number)
            self._lanes[number] = lane, asyncio.create_task(lane.run(), name=f"lane-{number}")
        self._joined = True

    def _make_consumer(self) -> AIOKafkaConsumer:
        settings = self._settings
        return AIOKafkaConsumer(
            **settings.kafka_client(),
            group_id=self._files.current.names.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=max(300, settings.session_timeout_ms // 5),
            rebalance_timeout_ms=max(10_000, 3 * settings.request_timeout_ms),
            max_poll_interval_ms=DAY_MS,
            request_timeout_ms=max(settings.request_timeout_ms, settings.session_timeout_ms) + 1000,
            retry_backoff_ms=50,
        )

    async def _started(self, consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await consumer.start()
            except (KafkaError, OSError) as away:
                log.warning("worker.waiting", reason=f"Kafka can't be reached ({type(away).__name__})")
                await asyncio.sleep(1)
            else:
                return

    async def _stay(self, consumer: AIOKafkaConsumer) -> None:
        """All is paused, so nothing comes; a member that never asks is taken for dead after `max_poll_interval_ms`."""
        while True:
            await asyncio.sleep(self._settings.policy_poll_s)
            try:
                await consumer.getmany()
            except KafkaError as failure:
                log.warning("worker.waiting", reason=f"the group refuses this worker ({type(failure).__name__})")

    async def _stop_lanes(self) -> None:
        lanes, self._lanes = self._lanes, {}
        for lane, _ in lanes.values():
            lane.stop()
        tasks = [task for _, task in lanes.values()]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self._settings.request_timeout_ms / 1000)
        for task in late:  # its transaction is settled by whoever takes over
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CHECKPOINT_LIMIT_S):
                await self._checkpoint({number: lane.head for number, (lane, _) in lanes.items()})

    async def _keep_checkpoints(self) -> None:
        """A task and a thread of its own: a second place that hangs or is full must never hold a lane up."""
        while True:
            await asyncio.sleep(self._settings.checkpoint_s)
            await self._checkpoint({number: lane.head for number, (lane, _) in self._lanes.items()})

    async def _checkpoint(self, heads: Mapping[int, ChainHead]) -> None:
        try:
            ahead = await asyncio.to_thread(self._keep_heads, heads)
        except OSError as failure:
            log.error("checkpoint.failed", error=type(failure).__name__, alarm=True)
            return
        if ahead:  # see the runbook, 'A ledger that was cut off'
            log.error("checkpoint.ahead_of_ledger", lanes=ahead, alarm=True)

    def _say_what_is_slow(self) -> None:
        alone = time.monotonic() - self._without_lanes_since
        if not self._joined and alone > SLOW_STEP_S:
            log.warning("worker.waiting", reason="the group gives no lanes yet", seconds=round(alone, 1))
        for number, progress in self.lanes.items():
            seconds = time.monotonic() - progress.step_began
            if progress.state is LaneState.TAKING_OVER and seconds > SLOW_STEP_S:
                log.warning("lane.slow_step", lane=number, step=progress.reason, seconds=round(seconds, 1))

    def _raise_broken(self) -> None:
        """A lane in doubt stays stopped beside its working neighbours; any other error is the worker's end."""
        for number, (lane, task) in self._lanes.items():
            if not task.done():
                continue
            error = DolenError(f"lane {number} was cancelled from within") if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, InDoubt):
                log.critical("lane.failed", lane=number, error=type(error).__name__, alarm=True)
                raise error
            if all(lane.progress.state is LaneState.IN_DOUBT for lane, _ in self._lanes.values()):
                raise error or InDoubt(f"lane {lane.number} stopped")
