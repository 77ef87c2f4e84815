"""What the tables say of hub and agencies, as figures: sums and ages, no notification by itself."""

from collections import Counter
from collections.abc import Sequence
from itertools import product

from sqlalchemy import Connection

from contracts.topics import DAY_MS, Family
from hub.names import Names
from hub.store.agencies import AgencyState, agencies
from hub.store.balance import balance
from hub.store.flow import Unopened, unopened_by_day
from hub.store.lanes import count_odd_records
from hub.store.worries import count_letters_expiring, count_refused, count_unsigned_reports
from hub.vitals.figures import (
    AGENCY_LAST_HEARTBEAT,
    AGENCY_LAST_SENT,
    BALANCE_OFF,
    INBOX_OLDEST,
    LETTERS_EXPIRING,
    ODD_RECORDS,
    OUTBOX_OLDEST,
    REFUSED,
    UNANSWERED,
    UNOPENED,
    UNSIGNED_REPORTS,
    Age,
    Bounds,
    Label,
)
from hub.vitals.sheet import Sheet
from hub.vitals.waiting import put_counts


def tables_sheet(connection: Connection, names: Names, bounds: Bounds, *, now_ms: int) -> Sheet:
    """The figures of one moment of the tables."""
    sheet = Sheet(bounds)
    for agency in agencies(connection):
        _put_agency(sheet, agency)
    for (family, age), count in _by_age(unopened_by_day(connection), now_ms).items():
        sheet.put(UNOPENED, count, family, age)
    books = balance(connection, ledger=names.ledger, dead_letters=names.dead_letters, now_ms=now_ms)
    sheet.put(BALANCE_OFF, sum(abs(off.expected - off.found) for off in books.imbalances))
    odd = count_odd_records(connection)
    for what in bounds.of(Label.WHAT):
        sheet.put(ODD_RECORDS, odd.get(what, 0), what)
    sheet.put(LETTERS_EXPIRING, count_letters_expiring(connection, now_ms=now_ms))
    sheet.put(REFUSED, count_refused(connection, since_ms=now_ms - DAY_MS))
    sheet.put(UNSIGNED_REPORTS, count_unsigned_reports(connection, since_ms=now_ms - DAY_MS))
    return sheet


def age_of(day_ms: int, now_ms: int) -> Age:
    """How old what happened on a day is."""
    days = (now_ms - now_ms % DAY_MS - day_ms) // DAY_MS
    if days < 1:
        return Age.TODAY
    if days < 7:
        return Age.DAYS_1_TO_6
    return Age.DAYS_7_TO_29 if days < 30 else Age.DAYS_30_AND_MORE


def _put_agency(sheet: Sheet, state: AgencyState) -> None:
    agency, beats = state.agency, state.adapters
    sheet.put(UNANSWERED, state.unanswered, agency)
    if state.last_sent_ms is not None:
        sheet.put(AGENCY_LAST_SENT, state.last_sent_ms / 1000, agency)
    if not beats:
        return
    sheet.put(AGENCY_LAST_HEARTBEAT, min(beat.received_ms for beat in beats) / 1000, agency)
    put_counts(sheet, agency, beats)
    sheet.put(OUTBOX_OLDEST, max(beat.outbox_oldest_ms or 0 for beat in beats) / 1000, agency)
    sheet.put(INBOX_OLDEST, max(beat.inbox_oldest_ms or 0 for beat in beats) / 1000, agency)


def _by_age(found: Sequence[Unopened], now_ms: int) -> Counter[tuple[str, str]]:
    """Sums, with a zero for each that has none: a series that comes and goes draws no line."""
    sums: Counter[tuple[str, str]] = Counter(dict.fromkeys(product(Family, Age), 0))
    for day in found:
        sums[day.family, age_of(day.day_ms, now_ms)] += day.unopened
    return sums
