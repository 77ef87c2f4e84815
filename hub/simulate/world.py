"""Who an invented episode can be about: the areas, agencies and schools of one network."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.directory import Area, Directory
from contracts.kinds import Kind
from contracts.network import Network
from contracts.parties import agency_of, agency_uri, school_uri
from contracts.school_list import School

_PHASES = {"Nursery": "early", "Primary": "primary", "Middle": "secondary", "Secondary": "secondary"}


@dataclass(frozen=True, slots=True)
class Place:
    """One authority's area, with those of its schools that take part."""

    area: Area
    schools: dict[str, tuple[School, ...]]
    """By phase: `primary`, `secondary`; a phase without a school is left out."""

    @property
    def social_services(self) -> str:
        """Party of the authority's social services."""
        return agency_uri(self.area.social_services)


class World:
    """A network as a stage for episodes."""

    def __init__(self, network: Network, directory: Directory) -> None:
        self.network = network
        self._directory = directory
        self.places = tuple(self._places())
        if not self.places:
            raise ValueError("a network without social services can't be simulated: nobody decides anything")
        self.senders = network.agencies
        """Every agency, in the network's order."""
        self.third_sector = self._of_kind(Kind.THIRD_SECTOR)
        self.probation = self._of_kind(Kind.PROBATION)
        self.outsiders = tuple(agency_uri(each) for each in directory.organisations if self._is_outside(each))
        """Parties that there are and that take no part in this network."""

    def kind(self, party: str) -> Kind:
        """What kind of organisation a party is."""
        agency = agency_of(party)
        kind = self.network.kind_of(agency) or self._directory.kind_of(agency)
        if kind is None:
            raise KeyError("neither the network nor the directory has the party")
        return kind

    def takes_part(self, party: str) -> bool:
        """Whether a party is in the network."""
        return self.network.takes_part(party)

    def places_for(self, agency: str) -> Sequence[Place]:
        """The areas to which an agency would report: its own, or any where it has none of its own.

        Social services report to those of another area, if there are any: their own they need not tell.
        """
        match self.network.organisations[agency].kind:
            case Kind.SOCIAL_SERVICES:
                found = [place for place in self.places if place.area.social_services != agency]
            case Kind.SCHOOLS:
                found = [place for place in self.places if place.schools]
            case _:
                found = [place for place in self.places if agency in _agencies_of(place.area)]
        return found or self.places

    def _places(self) -> Iterable[Place]:
        reached: dict[str, list[School]] = {}
        for number, school in self._directory.schools.items():
            if self.network.takes_part(school_uri(number)):
                reached.setdefault(school.authority_code, []).append(school)
        for area in self._directory.areas:
            if self.network.takes_part(agency_uri(area.social_services)):
                yield Place(area, _by_phase(reached.get(area.school_code, ())))

    def _of_kind(self, kind: Kind) -> tuple[str, ...]:
        return tuple(agency_uri(each.id) for each in self.network.organisations.values() if each.kind is kind)

    def _is_outside(self, agency: str) -> bool:
        kind = self._directory.kind_of(agency)
        return kind is Kind.HEALTH and not self.network.takes_part(agency_uri(agency))


def _agencies_of(area: Area) -> tuple[str, ...]:
    return area.education, area.police, area.health_board


def _by_phase(schools: Iterable[School]) -> dict[str, tuple[School, ...]]:
    found: dict[str, list[School]] = {}
    for school in schools:
        found.setdefault(_PHASES.get(school.sector, "special"), []).append(school)
    return {phase: tuple(there) for phase, there in found.items()}
