"""Counts what the agencies' systems said and what they have, beside what the policy calls for."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import from_json

from adapters.sdk.registry import declaration_of
from contracts.parties import agency_of
from contracts.topics import Family
from hub.demo.counted import Check, Due
from hub.demo.far.system import System
from hub.demo.phrases import Phrase
from hub.record import Coordinates, Record
from hub.simulate.planned import ACCEPTED, DUPLICATE, Planned
from hub.simulate.sender import Placed

ANSWER = "answer "
"""How the outbox's references of what an adapter answers by itself begin; the notification's id follows."""
GAP = "gap "
"""How those begin of what it says when it let a notification through before its turn."""
BY_ITSELF = (ANSWER, GAP)
"""How the references of all that an adapter says by itself begin."""
OF_THE_PORTAL = frozenset(
    {"wales.child-protection.receipts.escalated.v1", "wales.child-protection.receipts.system-off.v1"}
)
"""What the schools' portal says by itself."""


@dataclass(frozen=True, slots=True)
class End:
    """One agency's system and adapter, as they stand after the run."""

    agency: str
    families: frozenset[Family]
    """Of the notifications that the system has a place for."""
    taken: Mapping[str, str]
    """References of the outbox's events, by id."""
    refused: frozenset[str]
    """Notifications that the system had no place for, by id."""
    has: Sequence[str]
    """Notifications in the system, in the order in which they came."""


@dataclass(frozen=True, slots=True)
class AtEnds:
    """What the agencies' systems said and have."""

    ends: Sequence[End]
    played: Mapping[str, str]
    """The agency of each event that people there made, by id."""
    before: Container[str]
    """Where the records stand that were sent before the agencies joined: what they told is not in the systems."""


@dataclass(frozen=True, slots=True)
class AtSystem:
    """What one agency's system came to."""

    agency: str
    said: int
    """Events of the story that its people made."""
    due: int
    """Notifications that the policy calls for."""
    refused: int
    once: int
    """Notifications that are in the system, once."""
    stray: int
    out_of_order: int
    asked: int
    """Notifications that the adapter has to answer."""
    answered: int


def read_ends(systems: Iterable[System]) -> Iterator[End]:
    """Ask each system and each store."""
    for system in systems:
        place = system.place
        families = declaration_of(place.adapter).subscribes
        yield End(place.agency, families, place.taken(), frozenset(place.refused()), tuple(system.has()))


class Inbound:
    """What was sent directly and what the adapters sent is there, and nothing else."""

    def __init__(self, placed: Iterable[Placed], ends: Iterable[End]) -> None:
        self.sent = {str(each.at): each for each in placed}
        """By where it stands; what the adapters sent comes in as it is read."""
        self.types: dict[str, str] = {}
        """Of the adapters' events, by id."""
        self._taken = {end.agency: end.taken for end in ends}
        self._expected = len(self.sent) + sum(map(len, self._taken.values()))
        self._found = 0

    def take(self, record: Record) -> None:
        """Count a record; one of an adapter's is accepted, and dropped where it comes again."""
        self._found += 1
        at = Coordinates(record.topic, record.partition, record.offset)
        if str(at) in self.sent:
            return
        event = from_json(record.value or b"")
        agency, again = agency_of(event["source"]), event["id"] in self.types
        if event["id"] not in self._taken.get(agency, ()):
            return
        self.types[event["id"]] = event["type"]
        self._expected += again
        expected = DUPLICATE if again else ACCEPTED
        planned = Planned(record.topic, record.key, record.value, tuple(record.headers), agency, expected)
        self.sent[str(at)] = Placed(planned, at, record.timestamp)

    def checks(self) -> Iterable[Check]:
        """The number of records."""
        yield Check(Phrase.CHECK_INBOUND, self._expected, self._found)


@dataclass(frozen=True, slots=True)
class Events:
    """What is known of events, by id."""

    played: Mapping[str, str]
    """The agency of each event of the story."""
    types: Mapping[str, str]
    """Types of the adapters' events."""
    accepted: Mapping[str, int]
    """How often the hub took each."""


def at_system(end: End, due: Mapping[str, Due], events: Events) -> AtSystem:
    """Hold one system against what the policy calls for."""
    mine = {
        delivery: one for delivery, one in due.items()
        if agency_of(one.recipient) == end.agency and one.family in end.families
    }  # fmt: skip
    times = Counter(end.has)
    asked = {delivery for delivery, one in mine.items() if one.family != Family.RECEIPTS}
    answered = {
        reference.removeprefix(ANSWER)
        for event, reference in end.taken.items()
        if reference.startswith(ANSWER) and events.accepted.get(event) == 1
    }
    return AtSystem(
        agency=end.agency,
        said=sum(agency == end.agency for agency in events.played.values()),
        due=len(mine),
        refused=len(end.refused & mine.keys()),
        once=sum(times[delivery] == 1 for delivery in mine.keys() - end.refused),
        stray=sum(number for delivery, number in times.items() if delivery not in mine or delivery in end.refused),
        out_of_order=_out_of_order(end.has, mine),
        asked=len(asked),
        answered=len(asked & answered),
    )


def system_checks(systems: Sequence[AtSystem], ends: Iterable[End], events: Events) -> Iterator[Check]:
    """Each native record in once, each notification out once, to those entitled, in order, and answered."""
    once = sum(events.accepted.get(event) == 1 for event in events.played)
    others = {event for end in ends for event, reference in end.taken.items() if not reference.startswith(BY_ITSELF)}
    more = sum(events.types.get(event) not in OF_THE_PORTAL for event in others - events.played.keys())
    yield Check(Phrase.CHECK_NATIVE, len(events.played), once + more)
    yield Check(
        Phrase.CHECK_AT_SYSTEMS, sum(one.due - one.refused for one in systems), sum(one.once for one in systems)
    )
    yield Check(Phrase.CHECK_SYSTEM_STRAY, 0, sum(one.stray for one in systems))
    yield Check(Phrase.CHECK_SYSTEM_ORDER, 0, sum(one.out_of_order for one in systems))
    yield Check(Phrase.CHECK_ANSWERED, sum(one.asked for one in systems), sum(one.answered for one in systems))


def _out_of_order(has: Iterable[str], mine: Mapping[str, Due]) -> int:
    """How many came after a later event of the same family about the same child; receipts have no order."""
    last: dict[tuple[str, ...], int] = {}
    wrong = 0
    for delivery in has:
        due = mine.get(delivery)
        if due is None or due.family == Family.RECEIPTS:
            continue
        line = due.recipient, due.source, due.subject, due.family
        offset = due.placed.at.offset
        wrong += offset < last.get(line, 0)
        last[line] = max(offset, last.get(line, 0))
    return wrong
