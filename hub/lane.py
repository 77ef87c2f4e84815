"""One lane: partition p of every inbound topic, read, decided and written in transactions of its own.

A lane takes over in this order, and no other: fence every earlier owner, see that nothing is left in doubt, read how
far Kafka says the lane has got, seek there, see that Redis knows as much. Then it works: read, decide, claim, write,
commit. After any error it takes over anew; what was not committed is read again, and decided the same.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from hub.chain import read_head
from hub.dedupe import Claim, Verdict
from hub.errors import DolenError, InDoubt, LaneLost, SeenLostWrites, Unavailable
from hub.failpoints import failpoint
from hub.inbound import Inbound
from hub.ledger import ChainHead
from hub.offsets import Offsets, Place
from hub.pipeline import Batch, Case, Checked, check, conclude, decide, knows_every_key
from hub.rebuild import rebuild
from hub.record import Coordinates
from hub.rules import Rules
from hub.seen import Seen
from hub.settings import Settings
from hub.tally import Tally
from hub.transactions import LaneProducer

log = structlog.get_logger("dolen.lane")

LONGEST_WAIT_S = 5.0
DOUBT_SETTLES_S = 30.0
"""How long the broker may take to write the markers of a transaction that it has decided."""


class LaneState(StrEnum):
    """What a lane is doing."""

    TAKING_OVER = "taking-over"
    WORKING = "working"
    WAITING = "waiting"
    """Kafka or Redis is away."""
    LOST = "lost"
    """Another worker fenced it."""
    IN_DOUBT = "in-doubt"
    """Stopped: a person must look."""
    STOPPED = "stopped"


@dataclass(slots=True)
class Progress:
    """What operators see of a lane."""

    state: LaneState = LaneState.STOPPED
    moved_at: float = 0.0
    """Wall clock of the last commit, seconds since 1970."""
    reason: str = ""
    """Why it waits; while it takes over, the step that it is at."""
    step_began: float = 0.0
    """Monotonic clock of that step's beginning, seconds."""

    def at(self, step: str) -> None:
        """The take-over has come to this step."""
        if (self.state, self.reason) != (LaneState.TAKING_OVER, step):
            self.state, self.reason, self.step_began = LaneState.TAKING_OVER, step, time.monotonic()


class Meter(Protocol):
    """Who counts what lanes have committed."""

    def committed(self, tally: Tally) -> None:
        """What a batch came to."""
        ...

    def took(self, lane: int, seconds: float) -> None:
        """From a batch's records in hand to its commit."""
        ...


class Lane:
    """Runs one lane for as long as this worker owns it."""

    def __init__(
        self,
        number: int,
        *,
        settings: Settings,
        rules: Callable[[], Rules],
        refresh: Callable[[], bool],
        offsets: Offsets,
        seen: Seen,
        output_topics: Sequence[str],
        worker: str,
        meter: Meter,
    ) -> None:
        self.number = number
        self.progress = Progress()
        self._settings = settings
        self._rules = rules
        self._refresh = refresh
        self._names = rules().names
        self._offsets = offsets
        self._seen = seen
        self._inbound = [(topic, number) for topic in self._names.inbound]
        self._output_places = [(topic, number) for topic in output_topics]
        self._worker = worker
        self._meter = meter
        self._producer: LaneProducer | None = None
        self._reader: Inbound | None = None
        self._head = ChainHead()
        self._committed: dict[Place, int] = {}
        self._stopping = False

    @property
    def head(self) -> ChainHead:
        """The end of the lane's committed chain, as far as this worker knows."""
        return self._head

    def stop(self) -> None:
        """Ask the lane to end after the batch in hand."""
        self._stopping = True

    async def run(self) -> None:
        """Take over, work, and take over anew after every failure that passes; returns when asked to stop."""
        wait = self._settings.retry_wait_s
        try:
            while not self._stopping:
                started = time.monotonic()
                try:
                    await self._take_over()
                    await self._work()
                except LaneLost as lost:
                    self._note(LaneState.LOST, lost)
                    await asyncio.sleep(self._settings.session_timeout_ms / 1000)
                except (Unavailable, KafkaError) as away:
                    self._note(LaneState.WAITING, away)
                    wait = (
                        min(2 * wait, LONGEST_WAIT_S)
                        if time.monotonic() - started < 10
                        else self._settings.retry_wait_s
                    )
                    await asyncio.sleep(wait)
                finally:
                    await self._let_go()
        except InDoubt as doubt:
            self._note(LaneState.IN_DOUBT, doubt)
            raise
        finally:
            await self._let_go()
            if self.progress.state is not LaneState.IN_DOUBT:
                self.progress.state = LaneState.STOPPED

    async def _take_over(self) -> None:
        self.progress.at("fencing earlier owners")
        self._producer = LaneProducer(
            self._settings.kafka_client(),
            transactional_id=self._names.transactional_id(self.number),
            transaction_timeout_ms=self._settings.transaction_timeout_ms,
            request_timeout_ms=self._settings.request_timeout_ms,
        )
        await self._producer.fence()
        self.progress.at("seeing that nothing is undecided")
        await self._nothing_undecided()
        self.progress.at("asking for positions")
        self._committed = await self._positions()
        self.progress.at("reading the end of the ledger")
        head_at, self._head = await self._read_head()
        if head_at is not None and self._committed[head_at.topic, head_at.partition] <= head_at.offset:
            raise InDoubt(f"lane {self.number}: the ledger holds {head_at}, the committed offsets don't")
        self.progress.at("beginning to read")
        self._reader = Inbound(self._settings.kafka_client(), limit_s=2 * self._settings.request_timeout_ms / 1000)
        await self._reader.open(self._committed)
        self.progress.at("comparing Redis with Kafka")
        await self._connect_seen()
        self.progress.state, self.progress.reason = LaneState.WORKING, ""
        log.info("lane.owned", lane=self.number, ledger_number=self._head.number)

    async def _work(self) -> None:
        assert self._reader is not None  # noqa: S101 - taken over
        while not self._stopping:
            records = await self._reader.read(self._settings.batch_max_records)
            if records:
                started = time.monotonic()
                await self._transact(records)
                self._meter.took(self.number, time.monotonic() - started)

    async def _transact(self, records: Sequence[ConsumerRecord]) -> None:
        """One batch: decide, claim, write, commit."""
        assert self._producer is not None  # noqa: S101 - taken over
        rules = self._rules()
        upto = {(record.topic, record.partition): record.offset + 1 for record in records}
        checked = check(records, rules)
        if not knows_every_key(checked) and self._refresh():
            rules = self._rules()  # a key that was rotated in a moment ago
            checked = check(records, rules)
        failpoint("before-claim")
        cases, found = await self._decided(checked, upto, rules)
        failpoint("after-claim")
        batch = conclude(cases, found, rules=rules, head=self._head, worker=self._worker)
        await self._producer.write(batch.outputs, self.number)
        failpoint("before-offsets")
        offsets = {TopicPartition(*place): offset for place, offset in upto.items()}
        await self._producer.add_offsets(offsets, self._names.group)
        await self._seen.check_epoch()
        await self._producer.commit()
        failpoint("after-commit")
        self._moved(batch, upto)

    async def _decided(
        self, checked: Sequence[Checked], upto: Mapping[Place, int], rules: Rules
    ) -> tuple[list[Case], list[bytes | None]]:
        """Decide, while Redis is asked what was seen before."""
        claims = [each.claim for each in checked if each.claim is not None]
        asking = asyncio.create_task(self._claimed(claims, upto, rules))
        try:
            await asyncio.sleep(0)  # lets the question out
            cases = decide(checked, rules)
            return cases, await asking
        finally:
            asking.cancel()

    async def _claimed(self, claims: Sequence[Claim], upto: Mapping[Place, int], rules: Rules) -> list[bytes | None]:
        found = await self._seen.claim(claims, committed=self._committed, upto=upto)
        foreign = [
            (claim, mark)
            for claim, mark in zip(claims, found, strict=True)
            if mark is not None and rules.marks.judge(claim, mark) is Verdict.TAMPERED
        ]
        if foreign:
            log.error("seen.foreign_marks", lane=self.number, count=len(foreign), alarm=True)
            for claim, mark in foreign:
                await self._seen.unmark(claim, mark)
            # A mark of the hub's may have stood there before: what is gone now would let its repeat through.
            await self._seen.distrust()
            raise SeenLostWrites("marks in Redis are not the hub's; the window is rebuilt from the ledger")
        return found

    async def _nothing_undecided(self) -> None:
        until = time.monotonic() + DOUBT_SETTLES_S
        while places := await self._offsets.undecided(self._output_places):
            if time.monotonic() > until:
                raise InDoubt(
                    f"lane {self.number}: {len(places)} output partitions hold an undecided transaction, first "
                    f"{places[0][0]}; no hub may write there: see the runbook, 'A transaction in doubt'"
                )
            await asyncio.sleep(0.1)

    async def _positions(self) -> dict[Place, int]:
        committed = await self._offsets.settled(self._inbound)
        beginnings = await self._offsets.beginnings(self._inbound)
        positions = {}
        for place in self._inbound:
            positions[place] = committed.get(place, beginnings[place])
            if positions[place] < beginnings[place]:
                raise InDoubt(
                    f"lane {self.number}: {place[0]} lost {beginnings[place] - positions[place]} records to retention "
                    f"before they were read; see the runbook, 'Records expired'"
                )
        return positions

    async def _read_head(self) -> tuple[Coordinates | None, ChainHead]:
        try:
            async with asyncio.timeout(2 * self._settings.request_timeout_ms / 1000):
                return await read_head(self._settings.kafka_client(), self._names.ledger, self.number)
        except TimeoutError:
            raise Unavailable("the end of the ledger can't be read in time; the lane starts anew") from None

    async def _connect_seen(self) -> None:
        while True:
            try:
                await self._seen.connect(self._offsets.committed)
            except SeenLostWrites as lost:
                self.progress.at(str(lost))
                await rebuild(self._seen, settings=self._settings, rules=self._rules(), offsets=self._offsets)
            else:
                return

    async def _let_go(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.throw_away()
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()
        await self._seen.close()

    def _moved(self, batch: Batch, upto: Mapping[Place, int]) -> None:
        self._committed |= upto
        self._head = batch.head
        self.progress.moved_at = time.time()
        self._meter.committed(batch.tally)
        log.debug("lane.batch", lane=self.number, outcomes=batch.tally.outcomes, outputs=len(batch.outputs))

    def _note(self, state: LaneState, why: Exception) -> None:
        reason = str(why) if isinstance(why, DolenError) else f"Kafka can't be read ({type(why).__name__})"
        self.progress.state, self.progress.reason = state, reason
        log.warning("lane.state", state=state.value, lane=self.number, reason=reason, alarm=state is LaneState.IN_DOUBT)
