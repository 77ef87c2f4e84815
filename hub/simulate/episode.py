"""One invented family and those who protect its children: what the events of one episode are made from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from contracts.categories import Category
from contracts.parties import agency_uri, school_uri
from contracts.people import (
    Child,
    Coordinator,
    HouseholdMember,
    Mother,
    NotOnRoll,
    OnRoll,
    PersonName,
    Practitioner,
    TeamContact,
)
from contracts.school_list import School
from hub.simulate.people import People, Sex
from hub.simulate.words import AnyWords, Words
from hub.simulate.world import Place, World

A_YEAR = timedelta(days=365.25)
STARTS_SCHOOL = 4
STARTS_SECONDARY = 11


@dataclass(slots=True)
class Episode:
    """A family on its way through the procedure."""

    place: Place
    world: World
    rng: Random
    people: People
    say: Words
    children: list[Child]
    """As social services know them; the last state of each."""
    household: tuple[HouseholdMember, ...]
    members: tuple[str, ...]
    """Parties that work with the family, social services first, the schools last."""
    correlation: str
    contact: TeamContact
    coordinator: Coordinator
    chair: Practitioner
    worker: Practitioner
    conflicts: tuple[str, ...] = ()
    categories: tuple[Category, ...] = (Category.NEGLECT,)
    ids: dict[str, str] = field(default_factory=dict)
    """Ids of events that later ones point to, by stage."""
    references: dict[tuple[str, int], str] = field(default_factory=dict)
    """How each sender refers to each child."""
    sequences: dict[tuple[str, str], int] = field(default_factory=dict)
    """The last number of each (source, subject)."""

    @property
    def authority(self) -> str:
        """Agency id of the social services whose case it is."""
        return self.place.area.social_services

    @property
    def participants(self) -> tuple[str, ...]:
        """Everybody who works with the family, the schools of its children included, as they are now."""
        schools = (party for party in self.schools if party not in self.members)
        return tuple(party for party in (*self.members, *schools) if party not in self.conflicts)

    @property
    def schools(self) -> tuple[str, ...]:
        """Parties of the children's schools, each once."""
        numbers = (child.education.school for child in self.children if child.education is not None)
        return tuple(dict.fromkeys(school_uri(number) for number in numbers if number is not None))

    @property
    def everyone(self) -> range:
        """All children, by number."""
        return range(len(self.children))

    def child(self, number: int, source: str) -> Child:
        """A child under the reference that a sender made for it."""
        known = self.children[number]
        if source == self.place.social_services:
            return known
        key = source, number
        if key not in self.references:
            self.references[key] = self.people.uuid()
        return known.model_copy(update={"reference": self.references[key], "authority_person_id": None})

    def sequence(self, source: str, subject: str) -> int:
        """The next number of a sender's events about a child."""
        self.sequences[source, subject] = number = self.sequences.get((source, subject), 0) + 1
        return number


def begin(world: World, place: Place, rng: Random, on: date) -> Episode:
    """An invented family in a place."""
    people = People(rng)
    family = people.family_name()
    mother = people.adult_name(family)
    home_school = next((schools[0] for schools in place.schools.values()), None)
    home = people.home(rng.choice(place.schools["primary"]) if "primary" in place.schools else home_school)
    children = [
        _child(people, rng, place, family=family, mother=mother, on=on) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))
    ]
    children = [child.model_copy(update={"home_address": home}) for child in children]
    if rng.random() < 0.06:
        children[0] = children[0].model_copy(update={"shielded": True})
    episode = Episode(
        place=place,
        world=world,
        rng=rng,
        people=people,
        say=AnyWords(rng, on),
        children=children,
        household=(
            HouseholdMember(name=mother, relationship="mother", parental_responsibility=True),
            HouseholdMember(name=people.adult_name(), relationship="parents-partner"),
        ),
        members=tuple(_members(world, place, rng)),
        correlation=people.uuid(),
        contact=people.contact("social-services"),
        coordinator=people.coordinator(),
        chair=people.practitioner("social-services"),
        worker=people.practitioner("social-services"),
    )
    if episode.schools and rng.random() < 0.04:
        episode.conflicts = (rng.choice(episode.schools),)
    return episode


def born(
    people: People, *, given: PersonName, sex: Sex, on: date, birthday: date, school: School | None, reference: str
) -> Child:
    """A child who is born, at a school or at none."""
    return Child(
        reference=reference,
        names=(given,),
        date_of_birth=birthday,
        sex=sex,
        nhs_number=people.nhs_number(),
        upn=people.upn(school, min(on, birthday + STARTS_SCHOOL * A_YEAR)) if school is not None else None,
        education=_education(school, age(birthday, on)),
        language=people.language(),
    )


def unborn(people: People, *, mother: PersonName, expected: date, reference: str) -> Child:
    """A child who is not born yet, known by its mother."""
    return Child(
        reference=reference, expected_delivery=expected, mother=Mother(name=mother, nhs_number=people.nhs_number())
    )


def age(birthday: date, on: date) -> int:
    """Whole years."""
    return int((on - birthday) / A_YEAR)


def _child(people: People, rng: Random, place: Place, *, family: str, mother: PersonName, on: date) -> Child:
    if rng.random() < 0.08:
        expected = on + timedelta(days=rng.randrange(20, 200))
        return unborn(people, mother=mother, expected=expected, reference=people.uuid())
    birthday = on - timedelta(days=rng.randrange(60, 17 * 365))
    sex: Sex = "female" if rng.random() < 0.5 else "male"
    return born(
        people,
        given=people.child_name(sex, family),
        sex=sex,
        on=on,
        birthday=birthday,
        school=_school(rng, place, age(birthday, on)),
        reference=people.uuid(),
    )


def _school(rng: Random, place: Place, years: int) -> School | None:
    phase = "primary" if years < STARTS_SECONDARY else "secondary"
    there: Sequence[School] = place.schools.get(phase, ())
    if years < STARTS_SCHOOL or not there or rng.random() < 0.1:
        return None
    return rng.choice(there)


def _education(school: School | None, years: int) -> OnRoll | NotOnRoll:
    if school is not None:
        return OnRoll(status="on-roll", school=school.number, year_group=min(max(years - 5, -1), 13))
    return NotOnRoll(status="below-school-age" if years < STARTS_SCHOOL else "home-educated")


def _members(world: World, place: Place, rng: Random) -> Iterable[str]:
    area = place.area
    yield agency_uri(area.social_services)
    yield agency_uri(area.police)
    yield agency_uri(area.health_board)
    for parties, chance in ((world.third_sector, 0.25), (world.probation, 0.2), (world.outsiders, 0.08)):
        if parties and rng.random() < chance:
            yield rng.choice(parties)
