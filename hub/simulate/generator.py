"""Decides what a simulated network sends: many families at once, with repeats, contradictions and bad events.

The same seed and start give the same records, byte by byte. Ids come from the seed alone: sent a second time, a run is
one great repeat of the first, or with another start one great contradiction.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import get_args

from contracts.envelope import Event, data_schema
from contracts.headers import TRACEPARENT, traceparent
from contracts.identity import span_id, trace_id
from contracts.kinds import Kind
from contracts.parties import SCHOOLS, agency_of, agency_uri, school_uri
from contracts.topics import Family, inbound
from hub.simulate.answering import Answer, answered
from hub.simulate.draft import Draft
from hub.simulate.episode import Episode, begin
from hub.simulate.journey import Journey, Step
from hub.simulate.planned import DUPLICATE, Keys, Planned
from hub.simulate.spoil import ENDED_KEY, KINDS, LARGE, Spoiler
from hub.simulate.world import World

REMEMBERED = 400
"""Events that can be sent again or spoilt."""

PER = 10_000
"""Shares are counted in ten-thousandths."""

TRIES = 12
"""Events looked at for one that can be wrong in a given way."""

Told = Callable[[Event], Sequence[str]]
"""Whom the hub tells of an event, the parties that can answer."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How many of a hundred records are not new events; exact over any hundred."""

    repeats: float = 0.10
    conflicts: float = 0.01
    bad: float = 0.02
    bad_kinds: tuple[str, ...] = tuple(KINDS)
    large_bytes: int = LARGE
    """Size of a record that is too large."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate."""

    seed: int
    start: datetime
    """Time of the first event, with an offset."""
    step: timedelta = timedelta(minutes=1)
    """From one record to the next, at the senders."""
    mix: Mix = Mix()
    families: int = 24
    """Under way at a time."""
    prefix: str = ""
    """Of the hub's topics."""


def simulate(world: World, plan: Plan, *, keys: Keys, told: Told | None = None) -> Iterator[Planned]:
    """Records without end, in the order in which they have to be sent; memory stays what it is."""
    return iter(_Run(world, plan, keys, told or _authority))


def planned(draft: Draft, episode: Episode, at: datetime, *, keys: Keys, prefix: str) -> tuple[Event, Planned]:
    """The event of a draft at its moment, and the record that carries it; the episode remembers its id."""
    source, subject = draft.source, draft.subject
    event_id = episode.people.uuid()
    trace = trace_id(source, event_id)
    name = _type_name(draft.model)
    event = draft.model(
        specversion="1.0",
        id=event_id,
        source=source,
        type=name,
        subject=subject,
        time=at,
        datacontenttype="application/json",
        dataschema=data_schema(name),
        correlationid=episode.correlation,
        sequence=episode.sequence(source, subject),
        traceparent=traceparent(trace, span_id("origin", source, event_id)).decode(),
        data=draft.data,
    )
    if draft.stage:
        episode.ids[draft.stage] = event_id
    value = event.model_dump_json(exclude_unset=True).encode()
    hop = (TRACEPARENT, traceparent(trace, span_id("sent", source, event_id)))
    agency = agency_of(source)
    topic = prefix + inbound(Family(name.split(".")[2]))
    return event, Planned(topic, subject.encode(), value, keys.headers(agency, value, hop), agency)


class _Run:
    """One run: families under way, what was sent lately, and what is due."""

    def __init__(self, world: World, plan: Plan, keys: Keys, told: Told) -> None:
        self._world = world
        self._plan = plan
        self._keys = keys
        self._told = told
        self._rng = rng = Random(plan.seed)
        self._spoiler = Spoiler(keys, world.network, rng, prefix=plan.prefix, large_bytes=plan.mix.large_bytes)
        self._begun = 0
        self._lately: deque[Planned] = deque(maxlen=REMEMBERED)
        kinds = list(plan.mix.bad_kinds)
        if not keys.ended and ENDED_KEY in kinds:
            kinds.remove(ENDED_KEY)
        rng.shuffle(kinds)
        self._bad_kinds: deque[str] = deque(kinds)
        self._tales: list[_Tale] = []

    def __iter__(self) -> Iterator[Planned]:
        mix, at = self._plan.mix, self._plan.start
        # They begin in the middle of their rounds, each at another place: so each hundred records has its full share.
        dues = [
            _Due(self._repeat, round(mix.repeats * PER), parts=PER // 2),
            _Due(self._contradiction, round(mix.conflicts * PER), parts=PER // 3),
            _Due(self._bad, round(mix.bad * PER), parts=PER // 4),
        ]
        while True:
            for due in dues:
                due.parts += due.share
            made = (due.record() for due in dues if due.parts >= PER)
            yield next((record for record in made if record is not None), None) or self._event(at)
            at += self._plan.step

    def _repeat(self) -> Planned | None:
        return self._rng.choice(self._lately).expecting(DUPLICATE) if self._lately else None

    def _contradiction(self) -> Planned | None:
        return self._spoiler.contradict(self._rng.choice(self._lately)) if self._lately else None

    def _bad(self) -> Planned | None:
        """The next way to be wrong for which there is an event; each way has its turn."""
        for number in range(len(self._bad_kinds)):
            kind = self._bad_kinds[number]
            for good in self._rng.sample(self._lately, min(TRIES, len(self._lately))):
                wrong = self._spoiler.spoil(good, kind)
                if wrong is not None:
                    del self._bad_kinds[number]
                    self._bad_kinds.append(kind)
                    return wrong
        return None

    def _event(self, at: datetime) -> Planned:
        tales, rng = self._tales, self._rng
        while len(tales) < self._plan.families:
            tales.append(self._tale(at))
        # The first family takes every step there is and has more turns: so a short run has events of all types too.
        number = 0 if rng.random() < 0.1 else rng.randrange(len(tales))
        draft = tales[number].next(at)
        while draft is None:
            tales[number] = self._tale(at, whole=number == 0)
            draft = tales[number].next(at)
        tale = tales[number]
        event, record = planned(draft, tale.episode, at, keys=self._keys, prefix=self._plan.prefix)
        tale.take(event, self._told(event))
        self._lately.append(record)
        return record

    def _tale(self, at: datetime, *, whole: bool | None = None) -> "_Tale":
        """A new family, about whom the next agency in turn makes a report."""
        agency = self._world.senders[self._begun % len(self._world.senders)]
        places = self._world.places_for(agency)
        episode = begin(self._world, places[self._begun % len(places)], self._rng, at.date())
        self._begun += 1
        source = _party(agency, episode)
        return _Tale(episode, Journey(episode, referrer=source, whole=self._begun == 1 if whole is None else whole))


@dataclass(slots=True)
class _Due:
    """One thing that is due now and then, in whole parts: fractions would drift."""

    make: Callable[[], Planned | None]
    share: int
    """Parts that it gains with each record."""
    parts: int
    """A record of it is due when it has `PER`."""

    def record(self) -> Planned | None:
        """The record that is due, if it can be made now."""
        record = self.make()
        if record is not None:
            self.parts -= PER
        return record


class _Tale:
    """One family's events as they come, with the answers of those who are told."""

    def __init__(self, episode: Episode, journey: Journey) -> None:
        self.episode = episode
        self._steps: Iterator[Step] = iter(journey)
        self._answers: deque[Callable[[datetime], Draft]] = deque()

    def next(self, at: datetime) -> Draft | None:
        """What is sent next; None at the end."""
        if self._answers and self.episode.rng.random() < 0.5:
            return self._answers.popleft()(at)
        step = next(self._steps, None)
        if step is not None:
            return step(at)
        return self._answers.popleft()(at) if self._answers else None

    def take(self, event: Event, told: Sequence[str]) -> None:
        """Remember who will answer an event."""
        episode, rng = self.episode, self.episode.rng
        if not told or event.type.startswith("wales.child-protection.receipts.") or rng.random() > 0.2:
            return
        recipient = rng.choice(told)
        kind = episode.world.kind(recipient)
        lasts: tuple[Answer, ...] = ("accepted-by", "accepted-by", "refused", "asked", "escalated")
        last = rng.choice(lasts)
        said: tuple[Answer, ...] = ("delivered", "opened", last)[: rng.randrange(1, 4)]
        if event.sequence > 1 and last == "asked":
            said = ("gap", *said)  # one that came before its turn leaves more to ask
        if said[-1] == "refused" and rng.random() < 0.5:
            said = (*said, "restored")
        if said == ("delivered", "opened") and last == "escalated":
            said = ("delivered", "system-off")  # not people alone may be away
        for answer in said:
            self._answers.append(_answer(event, recipient, answer, episode, kind))


def _answer(event: Event, recipient: str, answer: Answer, episode: Episode, kind: Kind) -> Callable[[datetime], Draft]:
    return lambda at: answered(event, recipient, answer, at, kind=kind, say=episode.say, rng=episode.rng)


def _authority(event: Event) -> Sequence[str]:
    """Where nobody says who is told: the responsible authority, which nearly always is."""
    authority = getattr(event.data, "responsible_authority", None)
    party = agency_uri(authority) if authority else None
    return (party,) if party and party != event.source else ()


def _party(agency: str, episode: Episode) -> str:
    """As which party an agency makes a report: a school for all schools."""
    if agency != SCHOOLS:
        return agency_uri(agency)
    there = [school for schools in episode.place.schools.values() for school in schools]
    return episode.rng.choice(episode.schools) if episode.schools else school_uri(episode.rng.choice(there).number)


@cache
def _type_name(model: type[Event]) -> str:
    (name,) = get_args(model.model_fields["type"].annotation)
    return str(name)
