"""Decides by when a notification must have been opened, and who is told when it was not; pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from adapters.schools.calendar import Calendar
from adapters.schools.clock import WALES
from adapters.schools.places import Place

SCHOOL_BEGINS = time(8, 30)
"""A child comes to school: whoever meets the child has read it by then."""

OFFICE_HOURS = time(8, 30), time(17, 0)
"""Of an education desk."""

DESK_HAS = timedelta(hours=1)
"""For an education desk to open what was passed on to it."""

NOBODY_WAITS_LONGER = timedelta(days=1)
"""For a desk to begin its day; else the out-of-hours contact is told at once."""

CLOSED = timedelta(days=4)
"""A school whose next day is further off than a weekend with a bank holiday on each side is closed."""

_LOOK_AHEAD = 100
"""Days; no holiday is longer."""


class Because(StrEnum):
    """Why somebody else is told, or a system no more."""

    NOT_OPENED = "not-opened-in-time"
    SCHOOL_CLOSED = "school-closed"
    NOBODY_DESIGNATED = "nobody-designated"
    SCHOOL_UNKNOWN = "school-unknown"
    NOT_OUR_CHILD = "not-our-child"
    POINTER_BOUNCED = "pointer-bounced"
    CONFLICT = "conflict-of-interest"
    """An event named the school as one with a conflict of interest."""
    TOLD_INSTEAD = "told-instead-of-school"
    """The hub itself told the desk in the place of a school."""
    NOT_ANSWERING = "not-answering"
    """A school's own system took nothing for days."""
    ASKED_TO_STOP = "asked-to-stop"
    """A school's own system asked never to be called again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen to a notification if nobody opens it."""

    due_at: datetime
    """In UTC: by when somebody must have opened it."""
    desk_because: Because | None
    """The education desk has it at once, and why."""
    next_step_at: datetime
    """In UTC: when the next one is told."""


def on_arrival(
    at: datetime,
    *,
    place: Place | None,
    party: str,
    designated: bool,
    ours: bool,
    calendar: Calendar,
    desk_limit: datetime,
) -> Plan:
    """The plan for a notification that comes now.

    `designated`: somebody is there to be told; `ours`: the school has not said that it is no pupil of its own;
    `desk_limit`: by when the education desk must have opened what it is given now.
    """
    because = _at_once(at, place=place, party=party, designated=designated, ours=ours, calendar=calendar)
    if because is not None or place is None:
        return Plan(desk_limit, because or Because.SCHOOL_UNKNOWN, desk_limit)
    due_at = next_school_morning(at, place=place, calendar=calendar)
    return Plan(due_at, None, due_at)


def _at_once(
    at: datetime, *, place: Place | None, party: str, designated: bool, ours: bool, calendar: Calendar
) -> Because | None:
    if party.startswith("/agencies/"):
        return Because.TOLD_INSTEAD
    if place is None:
        return Because.SCHOOL_UNKNOWN
    if not designated:
        return Because.NOBODY_DESIGNATED
    if not ours:
        return Because.NOT_OUR_CHILD
    if next_school_morning(at, place=place, calendar=calendar) - at.astimezone(UTC) > CLOSED:
        return Because.SCHOOL_CLOSED
    return None


def next_school_morning(at: datetime, *, place: Place, calendar: Calendar) -> datetime:
    """The first 08:30 of a school day after `at`, in UTC; where there is none in sight, the end of what is in sight."""
    first = at.astimezone(WALES).date()
    for ahead in range(_LOOK_AHEAD):
        day = first + timedelta(days=ahead)
        morning = moment(day, SCHOOL_BEGINS)
        if morning > at and calendar.is_school_day(day, authority=place.authority, party=place.party):
            return morning
    return moment(first + timedelta(days=_LOOK_AHEAD), SCHOOL_BEGINS)


def desk_limit(at: datetime, calendar: Calendar) -> datetime:
    """By when an education desk that is told at `at` must have opened it, in UTC."""
    opens, closes = OFFICE_HOURS
    today = at.astimezone(WALES).date()
    for ahead in range(8):
        day = today + timedelta(days=ahead)
        if calendar.is_office_day(day) and at < moment(day, closes):
            begins = max(at.astimezone(UTC), moment(day, opens))
            return begins + DESK_HAS if begins - at < NOBODY_WAITS_LONGER else at.astimezone(UTC)
    return at.astimezone(UTC)


def moment(day: date, at: time) -> datetime:
    """A time of day in Wales, in UTC: two times of one zone would be compared by their clocks' faces."""
    return datetime.combine(day, at, WALES).astimezone(UTC)
