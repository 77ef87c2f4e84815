"""Access records: in the store before a page is shown, and from there to the hub."""

from sqlalchemy import LargeBinary, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.store.tables import access_reports
from contracts.access import AccessRecord

_INSERT = insert(access_reports).values(record=bindparam("record", type_=LargeBinary))


async def keep(connection: AsyncConnection, record: AccessRecord) -> None:
    """Store a record in the transaction of what it is about."""
    await connection.execute(_INSERT, {"record": record.model_dump_json().encode()})


async def unsent(connection: AsyncConnection, *, most: int) -> list[tuple[int, bytes]]:
    """The oldest records that the hub does not have yet."""
    found = await connection.execute(
        select(access_reports.c.seq, access_reports.c.record)
        .where(access_reports.c.sent_at.is_(None))
        .order_by(access_reports.c.seq)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [(row.seq, row.record) for row in found]


async def sent(connection: AsyncConnection, seqs: list[int], at: object) -> None:
    """Kafka has them."""
    await connection.execute(update(access_reports).where(access_reports.c.seq.in_(seqs)).values(sent_at=at))
