"""Chains reports of who looked at what into the hub's access log, each once: one Kafka transaction for each batch."""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from hub.access_log import AccessEntry, access_entry
from hub.chain import last_value
from hub.errors import InDoubt, LaneLost, Unavailable
from hub.keyring import Keyring, SigningKey
from hub.ledger import ChainHead, record_hash
from hub.names import Names
from hub.observe.projection.keys import KeyringFile
from hub.offsets import Offsets
from hub.record import Output
from hub.scan import reader
from hub.settings import Settings
from hub.transactions import LaneProducer

log = structlog.get_logger("dolen.access")

READ_TIMEOUT_MS = 500
BATCH_RECORDS = 500
LONGEST_WAIT_S = 5.0


class AccessChain:
    """Runs until it is told to stop; whoever started last works, the one before is fenced."""

    def __init__(self, settings: Settings, *, keys: KeyringFile, own_key: SigningKey) -> None:
        self._settings = settings
        self._names = Names(settings.topic_prefix)
        self._keys = keys
        self._own_key = own_key
        self._places = [TopicPartition(self._names.access_reports, lane) for lane in range(settings.lanes)]
        self._offsets = Offsets(settings.kafka_admin(), group=self._names.access_group, inbound=())
        self._heads: dict[int, ChainHead] = {}
        self._stopping = False

    def stop(self) -> None:
        """Ask it to end after the batch in hand."""
        self._stopping = True

    async def run(self) -> None:
        """Take over, work, and take over anew after every failure that passes; returns when asked to stop."""
        wait = self._settings.retry_wait_s
        while not self._stopping:
            try:
                await self._work()
                wait = self._settings.retry_wait_s
            except LaneLost:
                log.info("access.standby")
                await asyncio.sleep(self._settings.session_timeout_ms / 1000)
            except (Unavailable, KafkaError) as away:
                log.warning("access.waiting", reason=str(away))
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)

    async def _work(self) -> None:
        producer = LaneProducer(
            self._settings.kafka_client(),
            transactional_id=self._names.access_transactional_id,
            transaction_timeout_ms=self._settings.transaction_timeout_ms,
            request_timeout_ms=self._settings.request_timeout_ms,
        )
        try:
            await producer.fence()
            async with reader(self._settings.kafka_client()) as consumer:
                consumer.assign(self._places)
                await self._seek(consumer)
                while not self._stopping:
                    fetched = await consumer.getmany(timeout_ms=READ_TIMEOUT_MS, max_records=BATCH_RECORDS)
                    for place, records in fetched.items():
                        await self._chain(producer, place, records)
        finally:
            with contextlib.suppress(Unavailable):
                await producer.throw_away()

    async def _seek(self, consumer: AIOKafkaConsumer) -> None:
        """Go on from what is committed; the log itself must not be ahead of that."""
        committed = await self._offsets.settled((place.topic, place.partition) for place in self._places)
        beginnings = await consumer.beginning_offsets(self._places)
        for place in self._places:
            at = max(committed.get((place.topic, place.partition), 0), beginnings[place])
            value = await last_value(self._settings.kafka_client(), self._names.access_log, place.partition)
            self._heads[place.partition] = ChainHead()
            if value is not None:
                entry = AccessEntry.model_validate_json(value)
                self._heads[place.partition] = ChainHead(entry.number, record_hash(value))
                if entry.at.offset >= at:
                    raise InDoubt(
                        f"the access log holds {place.topic}/{place.partition}/{entry.at.offset}, "
                        "the committed offsets don't; see the runbook, 'A transaction in doubt'"
                    )
            consumer.seek(place, at)

    async def _chain(self, producer: LaneProducer, place: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        keyring: Keyring = {**self._keys.current(), self._own_key.key_id: self._own_key}
        head, outputs = self._heads[place.partition], []
        for record in records:
            value, head = access_entry(record, keyring, head)
            outputs.append(Output(self._names.access_log, None, value, []))
        await producer.write(outputs, place.partition)
        await producer.add_offsets({place: records[-1].offset + 1}, self._names.access_group)
        await producer.commit()
        self._heads[place.partition] = head
        log.debug("access.chained", lane=place.partition, records=len(records))
