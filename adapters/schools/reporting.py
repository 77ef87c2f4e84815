"""Brings access records to the hub: signed, in the order in which they were made, again until Kafka has them."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.schools.clock import Clock
from adapters.schools.store import access
from adapters.sdk.errors import AdapterError
from adapters.sdk.publisher import Publisher
from adapters.sdk.waits import stopped_within
from contracts.topics import ACCESS_REPORTS

log = structlog.get_logger("dolen.schools")

LOOK_EVERY_S = 2.0
MOST = 200
"""Records in one transaction."""


async def report_access(
    database: AsyncEngine, publisher: Publisher, *, agency: str, clock: Clock, stop: asyncio.Event
) -> None:
    """Send what there is every two seconds, until `stop`; what can't be sent stays in the store."""
    while not stop.is_set():
        try:
            while await report_some(database, publisher, agency=agency, clock=clock):
                pass
        except (AdapterError, SQLAlchemyError) as failure:
            log.error("access.not_sent", error=type(failure).__name__)
        await stopped_within(stop, LOOK_EVERY_S)


async def report_some(database: AsyncEngine, publisher: Publisher, *, agency: str, clock: Clock) -> int:
    """Send the oldest records that the hub does not have; one sent twice has the same id."""
    async with database.begin() as connection:
        records = await access.unsent(connection, most=MOST)
        for _, record in records:
            await publisher.report(record, topic=ACCESS_REPORTS, key=agency)
        await access.sent(connection, [seq for seq, _ in records], clock())
        return len(records)
