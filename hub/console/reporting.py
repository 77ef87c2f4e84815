"""Brings access reports to the hub: signed, in the order in which they were made, until Kafka has them."""

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from contracts.parties import HUB, agency_of
from hub.access_report import signed
from hub.errors import Unavailable
from hub.keyring import SigningKey
from hub.names import Names
from hub.settings import Settings
from hub.store.database import writing
from hub.store.reports import Report, forget_reports, oldest_reports

log = structlog.get_logger("dolen.console")

LOOK_EVERY_S = 1.0
MOST = 200
"""Reports in one transaction."""

_KEY = agency_of(HUB).encode()
"""One key: in one partition they keep their order."""


class Reporter:
    """Sends what there is; what can't be sent stays in the table. One sent twice has the same id."""

    def __init__(self, settings: Settings, engine: Engine, key: SigningKey) -> None:
        self._settings = settings
        self._engine = engine
        self._key = key
        self._topic = Names(settings.topic_prefix).access_reports

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, and once more then."""
        while True:
            last = stop.is_set()
            try:
                await self.send_all()
            except (KafkaError, OSError, Unavailable, SQLAlchemyError) as failure:
                log.warning("console.reports_wait", error=type(failure).__name__)
            if last:
                return
            try:
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
            except TimeoutError:
                continue

    async def send_all(self) -> int:
        """Send all that waits; how many that were."""
        if not await asyncio.to_thread(self._any):
            return 0
        producer = AIOKafkaProducer(**self._settings.kafka_client(), acks="all", enable_idempotence=True)
        loop = asyncio.get_running_loop()
        try:
            await producer.start()
            sent = 0
            while count := await asyncio.to_thread(self._some, producer, loop):
                sent += count
            return sent
        finally:
            await producer.stop()

    def _any(self) -> bool:
        with writing(self._engine) as connection:
            return bool(oldest_reports(connection, most=1))

    def _some(self, producer: AIOKafkaProducer, loop: asyncio.AbstractEventLoop) -> int:
        """In a thread: the rows stay locked until Kafka has answered."""
        with writing(self._engine) as connection:
            reports = oldest_reports(connection, most=MOST)
            asyncio.run_coroutine_threadsafe(self._send(producer, reports), loop).result()
            forget_reports(connection, reports)
            return len(reports)

    async def _send(self, producer: AIOKafkaProducer, reports: Sequence[Report]) -> None:
        answers = []
        for report in reports:
            headers = signed(report.value, self._key)
            answers.append(await producer.send(self._topic, report.value, key=_KEY, headers=headers))
        await asyncio.gather(*answers)
