"""Whom a word of the policy names: each relation turns one event into the parties that stand in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from contracts.directory import Directory
from contracts.kinds import EVERY_AGENCY, Kind
from contracts.network import Network
from contracts.parties import agency_of, agency_uri, school_uri

NO_DESK = frozenset({"below-school-age", "above-school-age"})
"""Not on a roll, and no concern of an education desk either: nobody of school age to stand in for."""


About = Literal["none", "one", "many"]
"""Whether the events of a type are about nobody, `data.child` or `data.children`."""


class Facts:
    """What relations may look at: one event, its children, and who is where."""

    __slots__ = ("children", "conflicts", "data", "directory", "network", "schools", "source")

    def __init__(self, source: str, data: Any, about: About, *, directory: Directory, network: Network) -> None:
        self.source = source
        self.data = data
        self.directory = directory
        self.network = network
        self.children: Sequence[Any] = ()
        """Each a `contracts.people.Child`."""
        self.conflicts: Sequence[str] = ()
        """Parties that must not be told."""
        self.schools: list[str] = []
        """The school of each child that has one, as a party, each once, in the children's order."""
        if about != "none":
            self.children = [item.child for item in data.children] if about == "many" else (data.child,)
            self.conflicts = data.conflicts_of_interest
            self._find_schools()

    def _find_schools(self) -> None:
        for child in self.children:
            education = child.education
            if education is not None and education.school is not None:
                party = school_uri(education.school)
                if party not in self.schools:
                    self.schools.append(party)


@dataclass(frozen=True, slots=True)
class Relation:
    """A word that a rule may use after `tell`."""

    name: str
    title: str
    parties: Callable[[Facts], Sequence[str]]
    kinds: frozenset[Kind]
    """Kinds of organisation that it can name."""
    needs: tuple[str, ...] = ()
    """Fields of `data` that it reads: a type without them can't use it."""
    expected: bool = True
    """Whether it is worth recording that it named nobody; that nobody is invited is not."""
    of_child: bool = False
    """Whether it names schools through the child alone: the child's own, the one before, the one after."""


def relation(name: str, agencies: Mapping[str, Kind]) -> Relation | None:
    """The relation of that name; `agency:<id>` names one agency of `agencies` and no other."""
    prefix, _, agency = name.partition(":")
    if prefix == "agency" and agency in agencies:
        return Relation(name, f"the agency {agency}", partial(_named, agency), frozenset({agencies[agency]}))
    return RELATIONS.get(name)


def _named(agency: str, facts: Facts) -> Sequence[str]:
    return (agency_uri(agency),)


def _authority(facts: Facts) -> Sequence[str]:
    return (agency_uri(facts.data.responsible_authority),)


def _agency(agency: str | None) -> Sequence[str]:
    return () if agency is None else (agency_uri(agency),)


def _school(number: str | None) -> Sequence[str]:
    return () if number is None else (school_uri(number),)


def _desk(facts: Facts) -> Sequence[str]:
    return _agency(facts.directory.education_of(facts.data.responsible_authority))


def _desk_for_children_without_school(facts: Facts) -> Sequence[str]:
    for child in facts.children:
        if child.education is not None and child.education.school is None and child.education.status not in NO_DESK:
            return _desk(facts)
    return ()


def _desk_for_schools_in_conflict(facts: Facts) -> Sequence[str]:
    conflicts = facts.conflicts
    return _desk(facts) if conflicts and any(school in conflicts for school in facts.schools) else ()


def _desk_for_schools_out_of_reach(facts: Facts) -> Sequence[str]:
    reached = facts.network.parties
    return _desk(facts) if any(school not in reached for school in facts.schools) else ()


def _probation(facts: Facts) -> Sequence[str]:
    organisations = facts.network.organisations.values()
    return tuple(agency_uri(found.id) for found in organisations if found.kind is Kind.PROBATION)


def _core_group(facts: Facts) -> Sequence[str]:
    members: Sequence[str] = facts.data.core_group
    return members


def _copy_holders(facts: Facts) -> Sequence[str]:
    return [copy.party for copy in facts.data.copies]


def _police_of_sender(facts: Facts) -> Sequence[str]:
    return _agency(facts.directory.police_of(agency_of(facts.source)))


def _health_board_of_sender(facts: Facts) -> Sequence[str]:
    return _agency(facts.directory.health_board_of(agency_of(facts.source)))


_SOCIAL_SERVICES = frozenset({Kind.SOCIAL_SERVICES})
_EDUCATION = frozenset({Kind.EDUCATION})
_POLICE = frozenset({Kind.POLICE})
_HEALTH = frozenset({Kind.HEALTH})
_SCHOOLS = frozenset({Kind.SCHOOLS})
_CASE = ("responsible_authority",)

RELATIONS: Mapping[str, Relation] = {
    relation.name: relation
    for relation in (
        Relation(
            "responsible-authority",
            "the social services that own the case or must receive the report",
            _authority,
            _SOCIAL_SERVICES,
            _CASE,
        ),
        Relation(
            "custodian",
            "the custodian of the responsible authority's register",
            _authority,
            _SOCIAL_SERVICES,
            _CASE,
        ),
        Relation(
            "receiving-authority",
            "the social services of the area that the child moves to",
            lambda facts: _agency(facts.data.to_authority),
            _SOCIAL_SERVICES,
            ("to_authority",),
        ),
        Relation(
            "home-authority",
            "the social services on whose register the child's name is already",
            lambda facts: _agency(facts.data.home_authority),
            _SOCIAL_SERVICES,
            ("home_authority",),
        ),
        Relation(
            "police-of-area",
            "the police force of the responsible authority's area",
            lambda facts: _agency(facts.directory.police_of(facts.data.responsible_authority)),
            _POLICE,
            _CASE,
        ),
        Relation(
            "police-of-sender",
            "the police force of the sending social services' area: where the child stays",
            _police_of_sender,
            _POLICE,
        ),
        Relation(
            "health-board-of-area",
            "the health board of the responsible authority's area",
            lambda facts: _agency(facts.directory.health_board_of(facts.data.responsible_authority)),
            _HEALTH,
            _CASE,
        ),
        Relation(
            "health-board-of-sender",
            "the health board of the sending social services' area: where the child stays",
            _health_board_of_sender,
            _HEALTH,
        ),
        Relation("probation", "the probation service", _probation, frozenset({Kind.PROBATION})),
        Relation("education-desk", "the education desk of the responsible authority", _desk, _EDUCATION, _CASE),
        Relation(
            "education-desk-of-child",
            "the education desk, where a child of school age is on no school's roll",
            _desk_for_children_without_school,
            _EDUCATION,
            _CASE,
            expected=False,
        ),
        Relation(
            "education-desk-for-school-in-conflict",
            "the education desk, where a child's school must not be told",
            _desk_for_schools_in_conflict,
            _EDUCATION,
            _CASE,
            expected=False,
        ),
        Relation(
            "education-desk-for-school-out-of-reach",
            "the education desk, where a child's school takes no part in this hub",
            _desk_for_schools_out_of_reach,
            _EDUCATION,
            _CASE,
            expected=False,
        ),
        Relation(
            "school-of-child",
            "the school of each child that is on a roll",
            lambda facts: facts.schools,
            _SCHOOLS,
            _CASE,
            of_child=True,
        ),
        Relation(
            "previous-school",
            "the school that the child has left",
            lambda facts: _school(facts.data.previous_school),
            _SCHOOLS,
            ("previous_school",),
            of_child=True,
        ),
        Relation(
            "new-school",
            "the school that the child has joined",
            lambda facts: _school(facts.data.new_school),
            _SCHOOLS,
            ("new_school",),
            of_child=True,
        ),
        Relation(
            "participants",
            "the parties named as taking part",
            lambda facts: facts.data.participants,
            EVERY_AGENCY,
            ("participants",),
            expected=False,
        ),
        Relation(
            "core-group",
            "the members of the child's core group",
            _core_group,
            EVERY_AGENCY,
            ("core_group",),
            expected=False,
        ),
        Relation(
            "copy-holders",
            "the parties to whom the chair gives a copy of the record",
            _copy_holders,
            EVERY_AGENCY,
            ("copies",),
        ),
        Relation(
            "referrer",
            "the party that made the report",
            lambda facts: (facts.data.referrer,),
            EVERY_AGENCY,
            ("referrer",),
        ),
        Relation(
            "original-sender",
            "the sender of the event that a receipt answers",
            lambda facts: (facts.data.original.source,),
            EVERY_AGENCY,
            ("original",),
        ),
        Relation("nobody", "nobody: it is for the hub's operators", lambda facts: (), EVERY_AGENCY, expected=False),
    )
}
