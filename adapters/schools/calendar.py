"""Decides on which days a school is open: terms, training days and bank holidays."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

import holidays
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adapters.sdk.errors import AdapterError
from contracts.parties import school_of

PACKAGED = Path(__file__).parent / "calendars" / "wales.toml"

_STRICT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class CalendarRefused(AdapterError):
    """A calendar file that can't be used: says which part, and what its rule is."""


class Year(BaseModel):
    """One school year."""

    model_config = _STRICT

    begins: Annotated[int, Field(ge=2000, le=2100)]
    source: str
    authorities: tuple[str, ...] = ()
    sessions: tuple[tuple[date, date], ...]

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        days = [day for session in self.sessions for day in session]
        within = all(date(self.begins, 9, 1) <= day <= date(self.begins + 1, 8, 31) for day in days)
        if days != sorted(days) or not within:
            raise ValueError("sessions are in order and lie between 1 September and 31 August")
        return self


class Closed(BaseModel):
    """Days on which an authority's schools, or one school, are closed within a term."""

    model_config = _STRICT

    authority: str = ""
    school: str = ""
    days: tuple[date, ...]

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if bool(self.authority) == bool(self.school):
            raise ValueError("`authority` or `school` is named, not both")
        return self


class CalendarFile(BaseModel):
    """The form of a calendar file."""

    model_config = _STRICT

    year: tuple[Year, ...]
    closed: tuple[Closed, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """School days of all of Wales."""

    file: CalendarFile = field(repr=False)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """The packaged calendar, or an authority's own; raises CalendarRefused."""
        path = path or PACKAGED
        try:
            return cls(CalendarFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
            raise CalendarRefused(
                f"{path}: a calendar is a TOML file with [[year]] and [[closed]] ({type(wrong).__name__})"
            ) from None
        except ValidationError as wrong:
            detail = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
            where = ".".join(str(part) for part in detail["loc"])
            raise CalendarRefused(f"{path}: {where}: {detail['msg']}; see the packaged calendar for the form") from None

    def is_school_day(self, day: date, *, authority: str, party: str) -> bool:
        """Whether a school is open; where no terms are known for a day, Mondays to Fridays count as open.

        That is the safe mistake: whoever does not open a notice on such a morning has it passed on an hour later.
        """
        if day.weekday() >= 5 or day in self._bank_holidays:
            return False
        if day in self._closed.get(authority, ()) or day in self._closed.get(school_of(party) or "", ()):
            return False
        year = self._year(day, authority)
        return year is None or any(first <= day <= last for first, last in year.sessions)

    def is_office_day(self, day: date) -> bool:
        """Whether an education desk works."""
        return day.weekday() < 5 and day not in self._bank_holidays

    def knows(self, day: date, *, authority: str) -> bool:
        """Whether terms are known for a day."""
        return self._year(day, authority) is not None

    def _year(self, day: date, authority: str) -> Year | None:
        begins = day.year if day.month >= 9 else day.year - 1
        own = (year for year in self.file.year if year.begins == begins and authority in year.authorities)
        shared = (year for year in self.file.year if year.begins == begins and not year.authorities)
        return next(own, None) or next(shared, None)

    @cached_property
    def _closed(self) -> Mapping[str, frozenset[date]]:
        closed: dict[str, frozenset[date]] = {}
        for entry in self.file.closed:
            whose = entry.authority or entry.school
            closed[whose] = closed.get(whose, frozenset()) | frozenset(entry.days)
        return closed

    @cached_property
    def _bank_holidays(self) -> Any:
        return holidays.country_holidays("GB", subdiv="WLS")
