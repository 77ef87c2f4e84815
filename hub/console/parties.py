"""Decides what organisations and schools are called, and which one somebody means who types a name or a number."""

import re
from dataclasses import dataclass

from contracts.directory import Directory
from contracts.network import Network
from contracts.parties import HUB, SCHOOLS, agency_uri, school_of, school_uri

_NUMBER = re.compile(r"[0-9]{7}")
_AGENCY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PARTY = re.compile(r"/hub|/schools/[0-9]{7}|/agencies/[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 200


@dataclass(frozen=True)
class Parties:
    """The directory and the network, as pages ask them."""

    directory: Directory
    network: Network

    @property
    def agencies(self) -> tuple[str, ...]:
        """Agencies of this network, by id."""
        return tuple(sorted(self.network.agencies))

    def name(self, party: str, language: str) -> str:
        """What a party (a URI or an agency's id) is called; itself where nobody knows it."""
        if party == HUB:
            return "Dolen"
        number = school_of(party)
        if number is not None:
            school = self.directory.schools.get(number)
            return party if school is None else school.name
        agency = party.removeprefix("/agencies/")
        found = self.network.organisations.get(agency) or self.directory.organisations.get(agency)
        if found is None:
            return agency
        return found.name_cy if language == "cy" else found.name_en

    def meant(self, text: str) -> str | None:
        """The party that somebody typed: a URI, an agency's id, a school's number, or either's whole name."""
        text = text.strip()
        if len(text) > _LONGEST:
            return None
        plain = text.lower()
        if _PARTY.fullmatch(plain):
            return plain
        if _NUMBER.fullmatch(plain):
            return school_uri(plain)
        organisations = {**self.directory.organisations, **self.network.organisations}
        for agency, found in organisations.items():
            if plain in (agency, found.name_en.lower(), found.name_cy.lower()) and agency != SCHOOLS:
                return agency_uri(agency)
        named = [number for number, school in self.directory.schools.items() if school.name.lower() == plain]
        if len(named) == 1:
            return school_uri(named[0])
        return agency_uri(plain) if _AGENCY.fullmatch(plain) and len(plain) <= 64 else None
