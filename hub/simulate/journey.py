"""Which way an episode takes through the procedure: one step at a time, each made when its moment comes."""

from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta
from functools import partial

from contracts.categories import Category
from contracts.events.conferences import ConferenceKind
from contracts.kinds import Kind
from contracts.parties import agency_uri
from hub.simulate import changing, conferencing, reporting
from hub.simulate.draft import Draft, working_days
from hub.simulate.episode import Episode

Step = Callable[[datetime], Draft]
"""Makes the event of a moment."""

Steps = Generator[Step, None, bool]
"""Steps, and whether the episode goes on after them."""

ROUNDS = 3
"""Core groups between two conferences."""


class Journey:
    """The steps of one episode; iterating gives the next only when the last has been made and has its id."""

    def __init__(self, episode: Episode, *, referrer: str, whole: bool = False) -> None:
        """`referrer` makes the report; `whole`: every step that there is, to the register and off it."""
        self._episode = episode
        self._referrer = referrer
        self._whole = whole

    def __iter__(self) -> Iterator[Step]:
        goes_on = yield from self._report()
        if goes_on:
            goes_on = yield from self._strategy()
        if goes_on:
            goes_on = yield from self._enquiries()
        if goes_on:
            goes_on = yield from self._first_conference()
        if goes_on:
            yield from self._plan()
            yield from self._review("change-category" if self._take(0.5) else "stay-registered")
            yield from self._plan()
            yield from self._review("remove")

    def _report(self) -> Steps:
        episode, referrer = self._episode, self._referrer
        if episode.schools and self._take(0.3):
            yield partial(reporting.incident, episode)
        yield partial(reporting.submitted, episode, source=referrer, possible_crime=self._take(0.4))
        asker = self._one_of(Kind.HEALTH, Kind.POLICE)
        if asker and self._take(0.3):
            yield partial(conferencing.enquiry_made, episode, number=0, source=asker, answer="not-on-the-register")
        if self._take(0.9):
            yield partial(reporting.acknowledged, episode, referrer=referrer)
        if self._take(0.65):
            yield partial(reporting.decided, episode, referrer=referrer, decision="strategy-discussion")
            return True
        decision: reporting.DecisionOnReport = episode.rng.choice(("no-further-action", "early-help", "assessment"))
        yield partial(reporting.decided, episode, referrer=referrer, decision=decision)
        return False

    def _strategy(self) -> Steps:
        episode = self._episode
        yield partial(reporting.discussion_convened, episode)
        goes_on = self._take(0.85)
        yield partial(reporting.discussion_held, episode, enquiry="joint" if goes_on else None, absent=self._absent())
        if self._take(0.6):
            yield partial(reporting.discussion_record, episode)
        return goes_on

    def _enquiries(self) -> Steps:
        episode = self._episode
        yield partial(reporting.enquiry_started, episode, enquiry="joint")
        yield from self._changes()
        goes_on = self._take(0.75)
        determination: reporting.Finding = "D3" if goes_on else episode.rng.choice(("D1", "D2"))
        yield partial(reporting.enquiry_concluded, episode, determination=determination)
        return goes_on

    def _first_conference(self) -> Steps:
        episode = self._episode
        unborn = all(child.expected_delivery is not None for child in episode.children)
        kind: ConferenceKind = "pre-birth" if unborn else "initial"
        yield partial(_booked, episode, conference=kind, late=episode.rng.random() < 0.2)
        goes_on = self._take(0.85)
        decision: conferencing.Decision = "register" if goes_on else "do-not-register"
        yield partial(conferencing.conference_held, episode, conference=kind, decision=decision, absent=self._absent())
        yield partial(conferencing.conference_summary, episode, registered=goes_on)
        if goes_on:
            for number in episode.everyone:
                yield partial(conferencing.registered, episode, number=number)
        if self._take(0.5):
            yield partial(conferencing.conference_record, episode)
        return goes_on

    def _plan(self) -> Iterator[Step]:
        episode = self._episode
        for number in range(1 if self._whole else episode.rng.randrange(1, ROUNDS + 1)):
            yield partial(conferencing.core_group_scheduled, episode, in_days=7, first=number == 0)
            if self._take(0.2):
                yield partial(conferencing.core_group_missed, episode)
            yield partial(
                conferencing.core_group_held,
                episode,
                plan=episode.rng.choice(("on-track", "slow", "not-working")),
                absent=self._absent(),
            )
            if self._take(0.3):
                child = episode.rng.choice(episode.everyone)
                yield partial(changing.visit_missed, episode, number=child)
            yield from self._changes()

    def _changes(self) -> Iterator[Step]:
        """Life goes on between meetings."""
        episode = self._episode
        own, number = episode.place.social_services, episode.rng.choice(episode.everyone)
        if self._take(0.2):
            yield partial(
                changing.coordinator_changed, episode, number=number, coordinator=episode.people.coordinator()
            )
        if self._take(0.15):
            yield partial(self._moved, number)
            if self._take(0.5):
                yield partial(
                    conferencing.temporarily_registered, episode, number=number, source=self._elsewhere() or own
                )
        at_school = [n for n in episode.everyone if _school_of(episode, n)]
        if at_school and self._take(0.15):
            yield partial(self._school_changed, episode.rng.choice(at_school))
        if self._take(0.1):
            source = episode.rng.choice([own, *filter(None, [self._one_of(Kind.HEALTH)])])
            yield partial(changing.identifier_changed, episode, number=number, source=source)

    def _review(self, decision: conferencing.Decision) -> Iterator[Step]:
        episode = self._episode
        kept = episode.categories
        others = [category for category in Category if category not in kept]
        categories = (*kept[-1:], episode.rng.choice(others)) if decision == "change-category" else kept
        yield partial(_booked, episode, conference="review", late=False)
        dissent = episode.rng.random() < 0.2
        yield partial(
            conferencing.conference_held,
            episode,
            conference="review",
            decision=decision,
            categories=categories,
            dissent=dissent,
        )
        for number in episode.everyone:
            if decision == "change-category":
                yield partial(conferencing.category_changed, episode, number=number, categories=categories)
            if decision == "remove":
                yield partial(conferencing.removed, episode, number=number, dissent=dissent)
        episode.categories = categories

    def _moved(self, number: int, at: datetime) -> Draft:
        episode = self._episode
        elsewhere = self._elsewhere()
        learners = [episode.place.social_services, *filter(episode.world.takes_part, episode.participants)]
        return changing.child_moved(
            episode,
            at,
            number=number,
            source=episode.rng.choice(learners),
            stay=episode.rng.choice(("temporary", "permanent")),
            to_authority=elsewhere.rpartition("/")[2] if elsewhere else None,
            new_address=episode.people.home(None),
        )

    def _school_changed(self, number: int, at: datetime) -> Draft:
        episode = self._episode
        education = agency_uri(episode.place.area.education)
        tellers = [episode.place.social_services, *([education] if episode.world.takes_part(education) else [])]
        before = _school_of(episode, number)
        there = [school for schools in episode.place.schools.values() for school in schools if school.number != before]
        new = episode.rng.choice(there) if there and episode.rng.random() < 0.8 else None
        return changing.school_changed(episode, at, number=number, source=episode.rng.choice(tellers), new=new)

    def _take(self, chance: float) -> bool:
        return self._episode.rng.random() < chance or self._whole

    def _absent(self) -> tuple[str, ...]:
        """Now and then one who was asked does not come, but never social services or police."""
        others = self._episode.participants[2:]
        return (self._episode.rng.choice(others),) if others and self._episode.rng.random() < 0.3 else ()

    def _elsewhere(self) -> str | None:
        """Social services of another area."""
        episode = self._episode
        others = [place.social_services for place in episode.world.places if place != episode.place]
        return episode.rng.choice(others) if others else None

    def _one_of(self, *kinds: Kind) -> str | None:
        """A member of a kind who takes part in the network."""
        world = self._episode.world
        found = [party for party in self._episode.members if world.kind(party) in kinds and world.takes_part(party)]
        return self._episode.rng.choice(found) if found else None


def _booked(episode: Episode, at: datetime, *, conference: ConferenceKind, late: bool) -> Draft:
    starts_at = at + timedelta(days=9, hours=2)
    last = working_days(at, 3 if late else 15)
    return conferencing.conference_scheduled(
        episode, at, conference=conference, starts_at=starts_at, last_lawful_date=last
    )


def _school_of(episode: Episode, number: int) -> str | None:
    education = episode.children[number].education
    return education.school if education is not None else None
