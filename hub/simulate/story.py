"""One family's story, from a night call to the police to the day when three names come off the register.

Cardiff and the Vale of Glamorgan; a sister at a Welsh-medium primary school, a brother at an English-medium secondary
school over the border of the authority, a child not yet born. The schools and agencies are real, the people are not.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from contracts.categories import Category
from contracts.envelope import Event
from contracts.people import (
    Child,
    ChildHeard,
    ChildVoice,
    Coordinator,
    HouseholdMember,
    LanguageNeeds,
    NotOnRoll,
    PersonName,
)
from contracts.school_list import School
from contracts.text import Language, Statement
from hub.simulate.draft import Draft
from hub.simulate.episode import Episode, born, unborn
from hub.simulate.generator import planned
from hub.simulate.people import People
from hub.simulate.planned import Keys, Planned
from hub.simulate.words import About, unborn_voice
from hub.simulate.world import World

LONDON = ZoneInfo("Europe/London")
SPAN = timedelta(days=262)
"""From the first event to the last."""

MALI, OSIAN, BABY = 0, 1, 2
"""The children, by number; the third is born in the middle of the story, and is called Non."""

CARDIFF = "/agencies/cardiff-social-services"
VALE = "/agencies/vale-of-glamorgan-social-services"
POLICE = "/agencies/south-wales-police"
HEALTH = "/agencies/cardiff-and-vale-health"
PROBATION = "/agencies/wales-probation"
CHARITY = "/agencies/pont-y-plant"
TREGANNA = "/schools/6812173"
"""Ysgol Treganna, Cardiff: Welsh-medium, Mali's."""
STANWELL = "/schools/6735400"
"""Stanwell School, Vale of Glamorgan: English-medium, Osian's."""
FITZALAN = "/schools/6814042"
"""Fitzalan High School, Cardiff: English-medium, Osian's later."""

Text = tuple[str, Language]


@dataclass(slots=True)
class Memory:
    """What later scenes need of earlier ones."""

    events: dict[str, Event] = field(default_factory=dict)
    """By the name of the scene."""
    former: Coordinator | None = None
    """Who co-ordinated the plan before."""


Make = Callable[[Episode, datetime, Memory], Draft]


@dataclass(frozen=True, slots=True)
class Scene:
    """One event of the story, with a line on it in both languages."""

    day: int
    clock: str
    make: Make
    cy: str
    en: str
    name: str = ""
    """Under which later scenes find its event."""
    says: Mapping[About, Text] = field(default_factory=dict)
    """What is written in it."""
    voices: Mapping[int, Text] = field(default_factory=dict)
    """What children say in it, by number."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A scene as it was played: its event and the record that carries it."""

    scene: Scene
    event: Event
    record: Planned


class StoryWords:
    """Finds the words that a scene gives; what it leaves out was said before."""

    def __init__(self) -> None:
        self._says: dict[About, Text] = {}
        self._voices: dict[str, Text] = {}
        self._names: dict[str, str] = {}

    def enter(self, scene: Scene, children: list[Child]) -> None:
        """Take up a scene's words."""
        self._says |= scene.says
        self._voices |= {children[number].reference: text for number, text in scene.voices.items()}
        self._names = {child.nhs_number: child.reference for child in children if child.nhs_number is not None}

    def statement(self, about: About) -> Statement:
        """What is written about something at this point."""
        text, language = self._says[about]
        return Statement(text=text, language=language)

    def voice(self, child: Child) -> ChildVoice:
        """What a child said last; each sender knows the child by a reference of its own, so the number is asked."""
        if child.expected_delivery is not None:
            return unborn_voice()
        words, language = self._voices[self._names[child.nhs_number or ""]]
        return ChildHeard(
            status="captured", seen=True, seen_alone=True, words=words, language=language, advocate_offered=True
        )


def tell(
    world: World, scenes: tuple[Scene, ...], *, start: date, keys: Keys, prefix: str = ""
) -> Generator[Chapter, str | None, None]:
    """The story from the night of `start` on; the network has to have Cardiff, the Vale and their schools.

    The same start gives the same bytes. Whoever does not send a chapter's record, but has an adapter make its event,
    sends back (`send`) the id that the event has: later scenes of other agencies answer and point to that one. Social
    services point to records of their own by their own numbers, and so by the ids of the story.
    """
    words = StoryWords()
    episode = family(world, start, words)
    memory = Memory()
    for scene in scenes:
        hour, minute = scene.clock.split(":")
        at = datetime.combine(start + timedelta(days=scene.day), time(int(hour), int(minute)), LONDON)
        words.enter(scene, episode.children)
        draft = scene.make(episode, at, memory)
        event, record = planned(draft, episode, at, keys=keys, prefix=prefix)
        became = yield Chapter(scene, event, record)
        if became is not None:
            event = event.model_copy(update={"id": became})
            if draft.stage and draft.source != episode.place.social_services:
                episode.ids[draft.stage] = became
        if scene.name:
            memory.events[scene.name] = event


def family(world: World, start: date, words: StoryWords) -> Episode:
    """Who the story is about, and who works with them."""
    rng = Random("story")
    people = People(rng)
    place = next(place for place in world.places if place.social_services == CARDIFF)
    mother = PersonName(given="Elin", family="Enghraifft")
    home = people.home(school(world, TREGANNA))
    mali = born(
        people,
        given=PersonName(given="Mali", family="Enghraifft"),
        sex="female",
        on=start,
        birthday=start - timedelta(days=3350),
        school=school(world, TREGANNA),
        reference=people.uuid(),
    )
    osian = born(
        people,
        given=PersonName(given="Osian", family="Enghraifft"),
        sex="male",
        on=start,
        birthday=start - timedelta(days=4950),
        school=school(world, STANWELL),
        reference=people.uuid(),
    )
    baby = unborn(people, mother=mother, expected=start + timedelta(days=112), reference=people.uuid())
    language = LanguageNeeds(first="cy", preferred="cy")
    return Episode(
        place=place,
        world=world,
        rng=rng,
        people=people,
        say=words,
        children=[
            child.model_copy(update={"home_address": home, "language": language}) for child in (mali, osian, baby)
        ],
        household=(
            HouseholdMember(name=mother, relationship="mother", parental_responsibility=True),
            HouseholdMember(
                name=PersonName(given="Gareth", family="Dychmygol"),
                relationship="parents-partner",
                parental_responsibility=False,
            ),
        ),
        members=(CARDIFF, POLICE, HEALTH, PROBATION, CHARITY),
        correlation=people.uuid(),
        contact=people.contact("social-services"),
        coordinator=people.coordinator(),
        chair=people.practitioner("social-services"),
        worker=people.practitioner("social-services"),
        categories=(Category.EMOTIONAL_PSYCHOLOGICAL, Category.PHYSICAL),
    )


def birth(episode: Episode, on: date) -> None:
    """The third child is born."""
    before = episode.children[BABY]
    episode.children[BABY] = Child(
        reference=before.reference,
        names=(PersonName(given="Non", family="Enghraifft"),),
        date_of_birth=on,
        sex="female",
        nhs_number=episode.people.nhs_number(),
        education=NotOnRoll(status="below-school-age"),
        home_address=before.home_address,
        language=before.language,
    )


def school(world: World, party: str) -> School:
    """A school of the network by its party."""
    number = party.rpartition("/")[2]
    return next(
        school for place in world.places for schools in place.schools.values() for school in schools
        if school.number == number
    )  # fmt: skip
