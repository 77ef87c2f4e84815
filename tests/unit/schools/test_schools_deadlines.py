"""By when a school must have opened what it is sent, and who is told else: by the clocks of Wales, at any hour."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.schools.calendar import Calendar, CalendarRefused
from adapters.schools.deadlines import (
    CLOSED,
    DESK_HAS,
    Because,
    Plan,
    desk_limit,
    next_school_morning,
    on_arrival,
)
from adapters.schools.places import Place, Places
from contracts.directory import Directory

CALENDAR = Calendar.load()
PLACES = Places(Directory.packaged(), {})


def place(party: str = "/schools/6812003") -> Place:
    found = PLACES.of(party)
    assert found is not None
    return found


def at(written: str) -> datetime:
    return datetime.fromisoformat(written)


def morning(written: str, calendar: Calendar = CALENDAR) -> str:
    return next_school_morning(at(written), place=place(), calendar=calendar).isoformat()


def arrived(written: str, *, designated: bool = True, ours: bool = True, party: str = "/schools/6812003") -> Plan:
    return on_arrival(
        at(written), place=PLACES.of(party), party=party, designated=designated, ours=ours, calendar=CALENDAR,
        desk_limit=desk_limit(at(written), CALENDAR),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("comes", "due"),
    [
        ("2026-01-14T23:50:00+00:00", "2026-01-15T08:30:00+00:00"),
        ("2026-01-15T00:10:00+00:00", "2026-01-15T08:30:00+00:00"),
        ("2026-01-15T08:29:59+00:00", "2026-01-15T08:30:00+00:00"),
        ("2026-01-15T08:30:00+00:00", "2026-01-16T08:30:00+00:00"),
        ("2026-01-16T22:00:00+00:00", "2026-01-19T08:30:00+00:00"),
        ("2026-05-01T22:00:00+01:00", "2026-05-05T07:30:00+00:00"),
        ("2026-06-17T22:00:00+01:00", "2026-06-18T07:30:00+00:00"),
    ],
    ids=["night", "after midnight", "at the last second", "a second late", "weekend", "bank holiday", "summer time"],
)
def test_a_notice_is_due_before_the_next_school_day_begins(comes: str, due: str) -> None:
    assert morning(comes) == due


@pytest.fixture
def no_holidays(tmp_path: Path) -> Calendar:
    """A calendar in which schools are open every Monday to Friday: the clocks change in the holidays otherwise."""
    file = tmp_path / "calendar.toml"
    file.write_text('[[year]]\nbegins = 2025\nsource = "x"\nsessions = [[2025-09-01, 2026-08-31]]\n')
    return Calendar.load(file)


@pytest.mark.parametrize(
    ("comes", "due", "hours"),
    [
        ("2026-03-28T20:30:00+00:00", "2026-03-30T07:30:00+00:00", 35),
        ("2026-03-29T00:59:59+00:00", "2026-03-30T07:30:00+00:00", 30.5002),
        ("2026-03-29T02:00:00+01:00", "2026-03-30T07:30:00+00:00", 30.5),
        ("2025-10-26T00:30:00+01:00", "2025-10-27T08:30:00+00:00", 33),
        ("2025-10-26T01:30:00+01:00", "2025-10-27T08:30:00+00:00", 32),
        ("2025-10-26T01:30:00+00:00", "2025-10-27T08:30:00+00:00", 31),
    ],
    ids=["before spring", "last second of winter", "first of summer", "before autumn", "the hour once", "and again"],
)
def test_a_night_on_which_the_clocks_change_ends_at_half_past_eight_all_the_same(
    comes: str, due: str, hours: float, no_holidays: Calendar
) -> None:
    assert morning(comes, no_holidays) == due
    wait = next_school_morning(at(comes), place=place(), calendar=no_holidays) - at(comes)
    assert wait / timedelta(hours=1) == pytest.approx(hours, abs=1e-3)


def test_the_plan_of_a_school_night_leaves_it_with_the_school() -> None:
    plan = arrived("2026-01-14T23:50:00+00:00")
    assert plan == Plan(at("2026-01-15T08:30:00+00:00"), None, at("2026-01-15T08:30:00+00:00"))


@pytest.mark.parametrize(
    ("comes", "because"),
    [
        ("2025-12-19T16:00:00+00:00", Because.SCHOOL_CLOSED),
        ("2026-07-28T22:00:00+01:00", Because.SCHOOL_CLOSED),
        ("2026-02-13T17:00:00+00:00", Because.SCHOOL_CLOSED),
        ("2026-05-01T22:00:00+01:00", None),
    ],
    ids=["Christmas", "summer", "half-term", "a long weekend"],
)
def test_a_closed_school_is_not_waited_for(comes: str, because: Because | None) -> None:
    assert arrived(comes).desk_because == because


def test_a_school_without_a_designated_person_is_not_waited_for() -> None:
    assert arrived("2026-01-14T23:50:00+00:00", designated=False).desk_because == Because.NOBODY_DESIGNATED


def test_a_child_whom_the_school_has_disowned_goes_to_the_desk() -> None:
    assert arrived("2026-01-14T23:50:00+00:00", ours=False).desk_because == Because.NOT_OUR_CHILD


def test_a_school_that_nobody_knows_goes_to_the_desk_of_its_authority() -> None:
    assert arrived("2026-01-14T23:50:00+00:00", party="/schools/6819999").desk_because == Because.SCHOOL_UNKNOWN
    assert PLACES.desk_of("/schools/6819999") == "/agencies/cardiff-education"


def test_a_child_without_a_school_is_the_desks_at_once() -> None:
    plan = arrived("2026-01-15T10:00:00+00:00", party="/agencies/cardiff-education")
    assert plan.desk_because == Because.TOLD_INSTEAD
    assert plan.next_step_at == at("2026-01-15T11:00:00+00:00")


@pytest.mark.parametrize(
    ("told", "limit"),
    [
        ("2026-01-15T08:30:00+00:00", "2026-01-15T09:30:00+00:00"),
        ("2026-01-15T16:30:00+00:00", "2026-01-15T17:30:00+00:00"),
        ("2026-01-15T17:00:00+00:00", "2026-01-16T09:30:00+00:00"),
        ("2026-01-15T03:00:00+00:00", "2026-01-15T09:30:00+00:00"),
        ("2026-01-16T18:00:00+00:00", "2026-01-16T18:00:00+00:00"),
        ("2026-12-24T18:00:00+00:00", "2026-12-24T18:00:00+00:00"),
        ("2026-07-28T22:00:00+01:00", "2026-07-29T08:30:00+00:00"),
    ],
    ids=["morning", "late", "after hours", "night", "Friday evening", "Christmas Eve", "school holidays"],
)
def test_a_desk_has_an_hour_of_its_day_and_nobody_waits_longer_than_a_day_for_it(told: str, limit: str) -> None:
    assert desk_limit(at(told), CALENDAR).isoformat() == limit


def test_no_notification_waits_for_ever_whenever_it_comes() -> None:
    comes = at("2025-09-01T00:00:00+00:00")
    while comes < at("2027-09-01T00:00:00+00:00"):
        plan = on_arrival(
            comes, place=place(), party="/schools/6812003", designated=True, ours=True, calendar=CALENDAR,
            desk_limit=desk_limit(comes, CALENDAR),
        )  # fmt: skip
        assert comes <= plan.next_step_at <= comes + max(CLOSED, timedelta(days=1) + DESK_HAS)
        assert plan.next_step_at.tzinfo is UTC
        comes += timedelta(hours=7, minutes=13)


def test_a_training_day_is_no_school_day(tmp_path: Path) -> None:
    file = tmp_path / "calendar.toml"
    file.write_text(
        '[[year]]\nbegins = 2025\nsource = "x"\nsessions = [[2025-09-01, 2025-10-24]]\n'
        '[[closed]]\nschool = "6812003"\ndays = [2025-09-02]\n[[closed]]\nauthority = "cardiff"\ndays = [2025-09-03]\n'
    )
    own = Calendar.load(file)
    days = [date(2025, 9, day) for day in (1, 2, 3, 4)]
    assert [own.is_school_day(day, authority="cardiff", party="/schools/6812003") for day in days] == [
        True, False, False, True,
    ]  # fmt: skip
    assert own.is_school_day(days[1], authority="cardiff", party="/schools/6812004")
    assert own.is_school_day(days[2], authority="gwynedd", party="/schools/6612003")


def test_one_authoritys_own_terms_come_before_those_of_all(tmp_path: Path) -> None:
    file = tmp_path / "calendar.toml"
    file.write_text(
        '[[year]]\nbegins = 2025\nsource = "x"\nsessions = [[2025-09-01, 2025-10-24]]\n'
        '[[year]]\nbegins = 2025\nsource = "y"\nauthorities = ["gwynedd"]\nsessions = [[2025-09-08, 2025-10-24]]\n'
    )
    own, day = Calendar.load(file), date(2025, 9, 2)
    assert own.is_school_day(day, authority="cardiff", party="/schools/6812003")
    assert not own.is_school_day(day, authority="gwynedd", party="/schools/6612003")


def test_where_no_terms_are_known_weekdays_count_so_that_it_is_passed_on_an_hour_later() -> None:
    assert not CALENDAR.knows(date(2031, 8, 5), authority="cardiff")
    assert CALENDAR.is_school_day(date(2031, 8, 5), authority="cardiff", party="/schools/6812003")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[[year]\n", "is a TOML file"),
        ('[[year]]\nbegins = 2025\nsource = "x"\nsessions = [[2025-10-24, 2025-09-01]]\n', "in order"),
        ('[[year]]\nbegins = 2025\nsource = "x"\nsessions = [[2026-10-24, 2026-11-01]]\n', "1 September"),
        ('[[year]]\nbegins = 2025\nsource = "x"\nsessions = []\n[[closed]]\ndays = []\n', "is named, not both"),
        ('[[term]]\n', "Field required"),
    ],
)  # fmt: skip
def test_a_wrong_calendar_says_what_is_wrong(tmp_path: Path, text: str, rule: str) -> None:
    file = tmp_path / "calendar.toml"
    file.write_text(text)
    with pytest.raises(CalendarRefused, match=rule):
        Calendar.load(file)


def test_every_authority_has_terms_for_this_school_year_and_the_next() -> None:
    for area in Directory.packaged().areas:
        assert CALENDAR.knows(date(2025, 9, 1), authority=area.authority)
        assert CALENDAR.knows(date(2027, 8, 31), authority=area.authority)


def test_what_the_packaged_calendar_says_of_an_authority_is_said_of_one_that_there_is() -> None:
    authorities = {area.authority for area in Directory.packaged().areas}
    named = {name for year in CALENDAR.file.year for name in year.authorities}
    named |= {closed.authority for closed in CALENDAR.file.closed if closed.authority}
    assert named <= authorities
    assert {closed.school for closed in CALENDAR.file.closed} <= {"", *Directory.packaged().schools}


def test_an_authoritys_training_day_is_a_school_day_elsewhere() -> None:
    first = date(2026, 9, 1)
    assert not CALENDAR.is_school_day(first, authority="vale-of-glamorgan", party="/schools/6732178")
    assert CALENDAR.is_school_day(first, authority="cardiff", party="/schools/6812003")
