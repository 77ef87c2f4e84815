"""Puts what waits at an agency's adapters, by their heartbeats: alike from the tables and from themselves."""

from collections.abc import Sequence
from typing import Protocol

from hub.vitals.figures import INBOX_WAITING, OUTBOX_REFUSED, OUTBOX_WAITING, PARKED, PARKED_CHILDREN, UNREACHED
from hub.vitals.sheet import Sheet


class Counts(Protocol):
    """One adapter's, as its heartbeat says them."""

    @property
    def outbox_waiting(self) -> int: ...
    @property
    def outbox_refused(self) -> int: ...
    @property
    def inbox_waiting(self) -> int: ...
    @property
    def parked(self) -> int: ...
    @property
    def parked_children(self) -> int: ...
    @property
    def unreached(self) -> int: ...


def put_counts(sheet: Sheet, agency: str, beats: Sequence[Counts]) -> None:
    """Sums over an agency's adapters."""
    sheet.put(OUTBOX_WAITING, sum(beat.outbox_waiting for beat in beats), agency)
    sheet.put(OUTBOX_REFUSED, sum(beat.outbox_refused for beat in beats), agency)
    sheet.put(INBOX_WAITING, sum(beat.inbox_waiting for beat in beats), agency)
    sheet.put(PARKED, sum(beat.parked for beat in beats), agency)
    sheet.put(PARKED_CHILDREN, sum(beat.parked_children for beat in beats), agency)
    sheet.put(UNREACHED, sum(beat.unreached for beat in beats), agency)
