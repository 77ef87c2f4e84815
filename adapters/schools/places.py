"""Decides what the portal knows of a party: its name, its education desk, and the language it is first shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from contracts.directory import Directory
from contracts.kinds import Kind
from contracts.parties import agency_of, agency_uri, school_of

Language = Literal["cy", "en"]

WELSH_FIRST = frozenset({"WM", "DS", "TR", "AB", "BB", "CB", "CH"})
"""WM Codes of schools that teach in Welsh wholly or in part: they are shown Welsh first, others English."""


@dataclass(frozen=True, slots=True)
class Place:
    """A school or an education desk."""

    party: str
    name_en: str
    name_cy: str
    language: Language
    desk: str
    """The education desk that answers for it, as a party; empty where nobody knows which."""
    authority: str
    """The authority's slug, by which calendars are found; empty where nobody knows which."""

    def name(self, language: str) -> str:
        """In one of the two languages."""
        return self.name_cy if language == "cy" else self.name_en


@dataclass(frozen=True)
class Places:
    """The directory, as the portal asks it."""

    directory: Directory
    successors: Mapping[str, str]
    """School number by the number of a school that it took the place of."""

    def school(self, number: str) -> Place | None:
        """A school that there is; one that closed or merged is found as its successor."""
        number = self._today(number)
        school = self.directory.schools.get(number)
        desk = self.directory.education_of_school(number)
        if school is None or desk is None:
            return None
        language: Language = "cy" if school.language_medium in WELSH_FIRST else "en"
        return Place(
            f"/schools/{number}", school.name, school.name, language, agency_uri(desk), desk.removesuffix("-education")
        )

    def of(self, party: str) -> Place | None:
        """A school or an education desk; None for whatever else there is."""
        number = school_of(party)
        if number is not None:
            return self.school(number)
        agency = agency_of(party)
        organisation = self.directory.organisations.get(agency)
        if organisation is None or organisation.kind is not Kind.EDUCATION or party != agency_uri(agency):
            return None
        slug = agency.removesuffix("-education")
        return Place(party, organisation.name_en, organisation.name_cy, "cy", party, slug)

    def desk_of(self, party: str) -> str:
        """The education desk that answers for a party, also for a school that nobody knows; empty where there is none.

        A school number begins with its authority's three digits.
        """
        place = self.of(party)
        if place is not None:
            return place.desk
        code = (school_of(party) or "")[:3]
        return next((agency_uri(area.education) for area in self.directory.areas if area.school_code == code), "")

    def name(self, party: str, language: str) -> str:
        """What to call any party; its own URI where the directory doesn't know it."""
        place = self.of(party)
        if place is not None:
            return place.name(language)
        organisation = self.directory.organisations.get(agency_of(party))
        if organisation is None:
            return party
        return organisation.name_cy if language == "cy" else organisation.name_en

    def _today(self, number: str) -> str:
        seen = set()
        while number in self.successors and number not in seen:
            seen.add(number)
            number = self.successors[number]
        return number
