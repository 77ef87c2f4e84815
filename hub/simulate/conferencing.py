"""The second half of an episode: conferences, the register, core groups."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

from contracts.case import ChildItem
from contracts.categories import Category
from contracts.events.conferences import (
    ON_THE_REGISTER,
    ChildOfCoreGroup,
    ConferenceDecision,
    ConferenceHeld,
    ConferenceKind,
    ConferenceRecordShared,
    ConferenceScheduled,
    ConferenceSummaryShared,
    CoreGroupHeld,
    CoreGroupMissed,
    CoreGroupScheduled,
    HeldConference,
    HeldCoreGroup,
    MissedCoreGroup,
    ScheduledConference,
    ScheduledCoreGroup,
    SharedConferenceRecord,
    SharedConferenceSummary,
    SummarisedChild,
)
from contracts.events.register_changes import (
    CategoryChanged,
    ChangedCategory,
    ChildRegistered,
    ChildRemoved,
    ChildTemporarilyRegistered,
    EnquiryMade,
    MadeEnquiry,
    RegisteredChild,
    RemovedChild,
    TemporarilyRegisteredChild,
)
from contracts.kinds import Kind
from contracts.people import AgencyView, FamilyTold
from hub.simulate.draft import Draft, case, children, record, working_days
from hub.simulate.episode import Episode
from hub.simulate.reporting import absentees, attendees, copies, invitations

AN_HOUR = timedelta(hours=1)
A_WEEK = timedelta(weeks=1)

Decision = Literal["register", "do-not-register", "stay-registered", "change-category", "remove"]


def conference_scheduled(
    episode: Episode,
    at: datetime,
    *,
    conference: ConferenceKind,
    starts_at: datetime,
    last_lawful_date: date,
    numbers: Iterable[int] | None = None,
) -> Draft:
    """A conference is booked, in time or with the reason that it is late."""
    source = episode.place.social_services
    known = children(episode, source, numbers)
    data = ScheduledConference(
        **case(episode),
        children=tuple(ChildItem(child=child) for child in known),
        conference=conference,
        starts_at=starts_at,
        last_lawful_date=last_lawful_date,
        late_because="family-not-available" if starts_at.date() > last_lawful_date else None,
        manner="in-person",
        language=episode.rng.choice(("cy", "en", "cy-and-en")),
        chair=episode.chair,
        invited=invitations(episode),
        family_informed=FamilyTold(informed="yes", views=episode.say.statement("parents")),
    )
    return Draft(ConferenceScheduled, source, known[0].reference, data, stage="scheduled")


def conference_held(
    episode: Episode,
    at: datetime,
    *,
    conference: ConferenceKind,
    decision: Decision,
    categories: tuple[Category, ...] | None = None,
    dissent: bool = False,
    absent: Iterable[str] = (),
    numbers: Iterable[int] | None = None,
) -> Draft:
    """What a conference decided, for each child."""
    source, say = episode.place.social_services, episode.say
    known = children(episode, source, numbers)
    registered = decision in ON_THE_REGISTER
    views = agency_views(episode, dissent=dissent)
    data = HeldConference(
        **case(episode),
        children=tuple(
            ConferenceDecision(
                child=child,
                child_voice=say.voice(child),
                parents_views=say.statement("parents"),
                decision=decision,
                categories=(categories or episode.categories) if registered else None,
                reasons=say.statement("reasons"),
                progress=say.statement("progress") if conference == "review" else None,
                agency_views=views,
                coordinator=episode.coordinator if registered else None,
                core_group=episode.participants if registered else (),
                first_core_group=working_days(at, 10) if decision == "register" else None,
                next_review=(at + 12 * A_WEEK).date() if registered else None,
            )
            for child in known
        ),
        scheduled=episode.ids["scheduled"],
        conference=conference,
        held_at=at - 2 * AN_HOUR,
        language=episode.rng.choice(("cy", "en", "cy-and-en")),
        chair=episode.chair,
        attended=attendees(episode, absent),
        absent=absentees(episode, absent),
    )
    return Draft(ConferenceHeld, source, known[0].reference, data, stage="conference")


def conference_summary(
    episode: Episode, at: datetime, *, registered: bool, numbers: Iterable[int] | None = None
) -> Draft:
    """Outline plan, decision and next date."""
    source = episode.place.social_services
    known = children(episode, source, numbers)
    pointer = record(episode)
    data = SharedConferenceSummary(
        **case(episode),
        children=tuple(
            SummarisedChild(
                child=child,
                registered=registered,
                outline_plan=episode.say.statement("plan"),
                plan=pointer,
                next_date=working_days(at, 5) if registered else None,
            )
            for child in known
        ),
        conference=episode.ids["conference"],
        shared_at=at,
    )
    return Draft(ConferenceSummaryShared, source, known[0].reference, data)


def conference_record(episode: Episode, at: datetime) -> Draft:
    """Where each can read its copy of the record."""
    source = episode.place.social_services
    known = children(episode, source)
    data = SharedConferenceRecord(
        **case(episode),
        children=tuple(ChildItem(child=child) for child in known),
        conference=episode.ids["conference"],
        shared_at=at,
        copies=copies(episode),
    )
    return Draft(ConferenceRecordShared, source, known[0].reference, data)


def core_group_scheduled(episode: Episode, at: datetime, *, in_days: int, first: bool = False) -> Draft:
    """The co-ordinator asks the core group."""
    source = episode.place.social_services
    known = children(episode, source)
    data = ScheduledCoreGroup(
        **case(episode),
        children=tuple(ChildItem(child=child) for child in known),
        starts_at=at + timedelta(days=in_days),
        manner="hybrid",
        first=first,
        coordinator=episode.coordinator,
        invited=invitations(episode),
    )
    return Draft(CoreGroupScheduled, source, known[0].reference, data)


def core_group_held(
    episode: Episode, at: datetime, *, plan: Literal["on-track", "slow", "not-working"], absent: Iterable[str] = ()
) -> Draft:
    """Who came and how each child's plan goes."""
    source = episode.place.social_services
    known = children(episode, source)
    data = HeldCoreGroup(
        **case(episode),
        children=tuple(
            ChildOfCoreGroup(
                child=child,
                child_voice=episode.say.voice(child),
                plan=plan,
                access_denied=False,
                progress=episode.say.statement("progress"),
            )
            for child in known
        ),
        held_at=at - AN_HOUR,
        coordinator=episode.coordinator,
        attended=attendees(episode, absent),
        absent=absentees(episode, absent),
        next_core_group=(at + 4 * A_WEEK).date(),
    )
    return Draft(CoreGroupHeld, source, known[0].reference, data)


def core_group_missed(episode: Episode, at: datetime) -> Draft:
    """A core group that was due did not take place."""
    source = episode.place.social_services
    known = children(episode, source)
    data = MissedCoreGroup(
        **case(episode),
        children=tuple(ChildItem(child=child) for child in known),
        due_on=at.date(),
        reason=episode.rng.choice(("coordinator-absent", "family-absent", "cancelled")),
        explanation=episode.say.statement("explanation"),
        new_date=working_days(at, 5),
    )
    return Draft(CoreGroupMissed, source, known[0].reference, data)


def registered(episode: Episode, at: datetime, *, number: int) -> Draft:
    """A child's name is placed on the register."""
    source = episode.place.social_services
    child = episode.child(number, source)
    data = RegisteredChild(
        **case(episode),
        child=child,
        registered_on=at.date(),
        conference=episode.ids["conference"],
        categories=episode.categories,
        coordinator=episode.coordinator,
        core_group=episode.participants,
        first_core_group=working_days(at, 10),
        next_review=(at + 12 * A_WEEK).date(),
    )
    return Draft(ChildRegistered, source, child.reference, data)


def category_changed(episode: Episode, at: datetime, *, number: int, categories: tuple[Category, ...]) -> Draft:
    """The categories of a registered child are others now."""
    source = episode.place.social_services
    child = episode.child(number, source)
    data = ChangedCategory(
        **case(episode),
        child=child,
        changed_on=at.date(),
        conference=episode.ids["conference"],
        previous_categories=episode.categories,
        categories=categories,
        reasons=episode.say.statement("reasons"),
    )
    return Draft(CategoryChanged, source, child.reference, data)


def temporarily_registered(episode: Episode, at: datetime, *, number: int, source: str) -> Draft:
    """Another authority enters the name of a child who stays in its area."""
    child = episode.child(number, source)
    data = TemporarilyRegisteredChild(
        **case(episode),
        child=child,
        registered_on=at.date(),
        home_authority=episode.authority,
        likely_until=(at + 8 * A_WEEK).date(),
        categories=episode.categories,
        coordinator=episode.coordinator,
    )
    return Draft(ChildTemporarilyRegistered, source, child.reference, data)


def removed(episode: Episode, at: datetime, *, number: int, dissent: bool = False) -> Draft:
    """A child's name is taken off the register by a review."""
    source = episode.place.social_services
    child = episode.child(number, source)
    data = RemovedChild(
        **case(episode),
        child=child,
        removed_on=at.date(),
        reason="review-decision",
        conference=episode.ids["conference"],
        reasons=episode.say.statement("reasons"),
        progress=episode.say.statement("progress"),
        agency_views=agency_views(episode, dissent=dissent),
        without_consensus=dissent,
        support_afterwards=episode.say.statement("afterwards"),
    )
    return Draft(ChildRemoved, source, child.reference, data)


def enquiry_made(
    episode: Episode,
    at: datetime,
    *,
    number: int,
    source: str,
    answer: Literal["on-the-register", "was-on-the-register", "not-on-the-register"],
) -> Draft:
    """Somebody whose identity was checked asks whether a child is on the register."""
    child = episode.child(number, source)
    kind = episode.world.kind(source)
    data = MadeEnquiry(
        responsible_authority=episode.authority,
        contact=episode.people.contact(kind),
        child=child,
        enquirer=source,
        asked_by=episode.people.practitioner(kind),
        asked_at=at - timedelta(minutes=10),
        out_of_hours=not 8 <= at.hour < 18,
        identity_checked="called-back",
        purpose="police-attendance" if kind is Kind.POLICE else "emergency-department",
        answer=answer,
    )
    return Draft(EnquiryMade, source, child.reference, data)


def agency_views(episode: Episode, *, dissent: bool) -> tuple[AgencyView, ...]:
    """What each agency thinks; the last of them may dissent."""
    *others, last = episode.participants
    views = [AgencyView(party=party, view="agrees") for party in others]
    if dissent:
        return (*views, AgencyView(party=last, view="dissents", reasons=episode.say.statement("dissent")))
    return (*views, AgencyView(party=last, view="agrees"))
