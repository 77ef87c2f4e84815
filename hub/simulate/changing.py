"""What changes in a child's life in the course of an episode: moves, school, co-ordinator, visits, numbers."""

from datetime import datetime, timedelta
from typing import Any, Literal

from contracts.events.circumstances import (
    ChangedCoordinator,
    ChangedIdentifier,
    ChangedSchool,
    ChildMoved,
    CoordinatorChanged,
    IdentifierChanged,
    MissedVisit,
    MovedChild,
    NhsNumberChange,
    SchoolChanged,
    UpnChange,
    VisitMissed,
)
from contracts.people import Address, Coordinator, NotOnRoll, OnRoll
from contracts.school_list import School
from hub.simulate.draft import Draft, case, working_days
from hub.simulate.episode import Episode

A_DAY = timedelta(days=1)


def child_moved(
    episode: Episode,
    at: datetime,
    *,
    number: int,
    source: str,
    stay: Literal["temporary", "permanent"],
    to_authority: str | None,
    new_address: Address | None = None,
) -> Draft:
    """A child lives somewhere else; whoever learns of it says it. `to_authority` None: out of Wales."""
    child = episode.child(number, source)
    own = source == episode.place.social_services
    data = MovedChild(
        **(case(episode) if own else {"responsible_authority": episode.authority}),
        child=child,
        moved_on=(at - 2 * A_DAY).date(),
        learned_at=at - timedelta(hours=5),
        stay=stay,
        likely_until=(at + 60 * A_DAY).date() if stay == "temporary" else None,
        destination="wales" if to_authority else "england",
        to_authority=to_authority,
        new_address=new_address,
        on_the_register=True if own else None,
        note=episode.say.statement("note"),
    )
    return Draft(ChildMoved, source, child.reference, data)


def school_changed(episode: Episode, at: datetime, *, number: int, source: str, new: School | None) -> Draft:
    """A child goes to another school, or to none; the episode knows the new one from here on."""
    before = episode.children[number]
    previous = before.education.school if before.education is not None else None
    education = OnRoll(status="on-roll", school=new.number) if new else NotOnRoll(status="home-educated")
    episode.children[number] = before.model_copy(update={"education": education})
    child = episode.child(number, source)
    data = ChangedSchool(
        **case(episode),
        child=child,
        changed_on=at.date(),
        previous_school=previous,
        new_school=new.number if new else None,
        reason="moved-home" if new else "withdrawn-to-home-education",
        authority_consented=None if new else True,
    )
    return Draft(SchoolChanged, source, child.reference, data)


def coordinator_changed(
    episode: Episode, at: datetime, *, number: int, coordinator: Coordinator, previous: Coordinator | None = None
) -> Draft:
    """Another social worker co-ordinates the plan; the episode knows the new one from here on."""
    source = episode.place.social_services
    child = episode.child(number, source)
    previous, episode.coordinator = previous or episode.coordinator, coordinator
    data = ChangedCoordinator(
        **case(episode),
        child=child,
        effective_on=at.date(),
        previous=previous,
        coordinator=coordinator,
        reason="moved-post",
        told_in_person=True,
        handover=episode.say.statement("handover"),
    )
    return Draft(CoordinatorChanged, source, child.reference, data)


def visit_missed(episode: Episode, at: datetime, *, number: int, in_a_row: int = 1) -> Draft:
    """A visit that was due did not take place."""
    source = episode.place.social_services
    child = episode.child(number, source)
    data = MissedVisit(
        **case(episode),
        child=child,
        visit=episode.rng.choice(("seen-alone", "seen-at-home")),
        due_on=at.date(),
        reason=episode.rng.choice(("access-denied", "nobody-in", "staff-absence")),
        missed_in_a_row=in_a_row,
        last_seen_on=(at - 14 * A_DAY).date(),
        explanation=episode.say.statement("explanation"),
        next_visit=working_days(at, 1),
    )
    return Draft(VisitMissed, source, child.reference, data)


def identifier_changed(episode: Episode, at: datetime, *, number: int, source: str) -> Draft:
    """A child gets another number, an unborn child another reference; the episode knows the new one from here on."""
    change = _renumbered(episode, number)
    child = episode.child(number, source)
    data = ChangedIdentifier(**case(episode), child=child, changed_on=at.date(), **change)
    return Draft(IdentifierChanged, source, child.reference, data)


def _renumbered(episode: Episode, number: int) -> dict[str, Any]:
    before, people = episode.children[number], episode.people
    if before.expected_delivery is not None:
        return {"previous_reference": people.uuid()}
    if before.upn is not None and episode.rng.random() < 0.5:
        temporary = people.temporary_upn(before.upn)
        episode.children[number] = before.model_copy(update={"upn": temporary})
        return {"upn": UpnChange(previous=before.upn, current=temporary)}
    new = people.nhs_number()
    while new == before.nhs_number:
        new = people.nhs_number()
    episode.children[number] = before.model_copy(update={"nhs_number": new})
    return {"nhs_number": NhsNumberChange(previous=before.nhs_number, current=new)}
