"""Keeps the console's access reports until Kafka has them: what nobody could report, nobody is shown."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from contracts.access import AccessRecord
from hub.store.tables import console_reports


class Report(NamedTuple):
    """One report as it will be signed and sent."""

    number: int
    value: bytes


def keep_report(connection: Connection, record: AccessRecord) -> None:
    """Keep a report within the connection's transaction."""
    connection.execute(insert(console_reports).values(report=record.model_dump_json().encode()))


def oldest_reports(connection: Connection, *, most: int) -> list[Report]:
    """The oldest that are not sent, locked: another console passes them by."""
    question = select(console_reports).order_by(console_reports.c.number).limit(most).with_for_update(skip_locked=True)
    return [Report(row.number, row.report) for row in connection.execute(question)]


def forget_reports(connection: Connection, sent: Sequence[Report]) -> None:
    """Drop what Kafka has."""
    connection.execute(delete(console_reports).where(console_reports.c.number.in_([each.number for each in sent])))


def waiting_reports(connection: Connection) -> int:
    """How many wait."""
    return int(connection.execute(select(func.count()).select_from(console_reports)).scalar_one())
