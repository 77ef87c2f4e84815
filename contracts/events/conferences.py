"""Child protection conferences and core groups: booked, held with a decision for each child, shared, or missed."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.case import (
    MAX_CHILDREN,
    AboutChildren,
    ChildItem,
    ChildrenEvent,
    Parties,
    check_participants,
)
from contracts.categories import Categories
from contracts.envelope import Uuid
from contracts.event_type import EventType, declared
from contracts.kinds import SOCIAL_SERVICES_ALONE
from contracts.lists import OneTo
from contracts.meetings import Absentees, Attendees, Copies, Invitations, Manner
from contracts.people import AgencyView, ChildVoice, Coordinator, FamilyInformed, Practitioner, RecordPointer
from contracts.rules import Rule, broken
from contracts.sharing import Sharing
from contracts.text import Line, Statement
from contracts.times import Moment

ConferenceKind = Literal["initial", "review", "transfer-in", "pre-birth"]

ConferenceLanguage = Literal["cy", "en", "cy-and-en"]


class ScheduledConference(AboutChildren):
    """A conference is booked. The last lawful date is worked out at booking, when it can still be kept."""

    conference: Annotated[ConferenceKind, Sharing.STAGE]
    starts_at: Annotated[Moment, Sharing.STAGE]
    last_lawful_date: Annotated[date, Sharing.STAGE]
    late_because: Annotated[
        Literal["sibling-group", "family-not-available", "agency-not-available", "booking-error", "other"] | None,
        Sharing.STAGE,
    ] = None
    """A reason for each conference that is booked after its last lawful date."""
    manner: Annotated[Manner, Sharing.STAGE]
    place: Annotated[Line | None, Sharing.STAGE] = None
    language: Annotated[ConferenceLanguage, Sharing.STAGE]
    chair: Annotated[Practitioner, Sharing.CONTACT]
    invited: Annotated[Invitations, Sharing.ATTENDANCE]
    family_informed: Annotated[FamilyInformed, Sharing.FAMILY]

    @model_validator(mode="after")
    def _is_in_time_and_complete(self) -> Self:
        late = self.starts_at.date() > self.last_lawful_date
        if late != (self.late_because is not None):
            raise broken(Rule.LATE_CONFERENCE)
        if self.conference == "pre-birth" and all(item.child.expected_delivery is None for item in self.children):
            raise broken(Rule.PRE_BIRTH)
        check_participants(self, (invitation.party for invitation in self.invited))
        return self


class ConferenceScheduled(ChildrenEvent):
    """A conference was booked."""

    type: Literal["wales.child-protection.conferences.scheduled.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.conferences.scheduled.v1"]
    data: ScheduledConference


ON_THE_REGISTER = frozenset({"register", "stay-registered", "change-category"})
"""Decisions after which a child's name is on the register."""

DECISIONS: dict[str, frozenset[str]] = {
    "initial": frozenset({"register", "do-not-register"}),
    "pre-birth": frozenset({"register", "do-not-register"}),
    "transfer-in": frozenset({"register", "do-not-register"}),
    "review": frozenset({"stay-registered", "change-category", "remove"}),
}
"""What each kind of conference can decide; a child met for the first time in a review is an initial conference's."""


class ConferenceDecision(ChildItem):
    """The decision for one child: made separately for each (WSP c3pt2-p9)."""

    child_voice: Annotated[ChildVoice, Sharing.VOICE]
    parents_views: Annotated[Statement | None, Sharing.FAMILY] = None
    decision: Annotated[
        Literal["register", "do-not-register", "stay-registered", "change-category", "remove"], Sharing.REGISTER
    ]
    categories: Annotated[Categories | None, Sharing.CATEGORIES] = None
    categories_may_be_shared_with_school: Annotated[bool, Sharing.CASE] = False
    """The chair agrees that the child's school is told of the categories."""
    reasons: Annotated[Statement, Sharing.NARRATIVE]
    progress: Annotated[Statement | None, Sharing.NARRATIVE] = None
    """Against the plan, since the last conference; a review must say."""
    agency_views: Annotated[tuple[AgencyView, ...], Field(max_length=40), Sharing.NARRATIVE] = ()
    """Dissent is recorded."""
    coordinator: Annotated[Coordinator | None, Sharing.CONTACT] = None
    core_group: Annotated[Parties, Sharing.ATTENDANCE] = ()
    first_core_group: Annotated[date | None, Sharing.STAGE] = None
    next_review: Annotated[date | None, Sharing.STAGE] = None

    @model_validator(mode="after")
    def _names_what_follows(self) -> Self:
        registered = self.decision in ON_THE_REGISTER
        if registered != (self.categories is not None):
            raise broken(Rule.CATEGORIES)
        if registered and not (self.coordinator and self.core_group and self.next_review):
            raise broken(Rule.PLAN)
        if self.decision == "register" and self.first_core_group is None:
            raise broken(Rule.FIRST_CORE_GROUP)
        return self


class HeldConference(AboutChildren):
    """The outcome of a conference."""

    children: Annotated[tuple[ConferenceDecision, ...], OneTo(MAX_CHILDREN)]
    scheduled: Annotated[Uuid | None, Sharing.CASE] = None
    """The id of the event that booked it."""
    conference: Annotated[ConferenceKind, Sharing.STAGE]
    held_at: Annotated[Moment, Sharing.STAGE]
    language: Annotated[ConferenceLanguage, Sharing.STAGE]
    chair: Annotated[Practitioner, Sharing.CONTACT]
    attended: Annotated[Attendees, Sharing.ATTENDANCE]
    absent: Annotated[Absentees, Sharing.ATTENDANCE] = ()

    @model_validator(mode="after")
    def _decides_what_it_may(self) -> Self:
        if not DECISIONS[self.conference].issuperset(item.decision for item in self.children):
            raise broken(Rule.CONFERENCE_DECISION)
        if self.conference == "review" and any(item.progress is None for item in self.children):
            raise broken(Rule.PROGRESS)
        check_participants(self, (attendee.party for attendee in self.attended))
        for item in self.children:
            check_participants(self, item.core_group)
        return self


class ConferenceHeld(ChildrenEvent):
    """A conference took place."""

    type: Literal["wales.child-protection.conferences.held.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.conferences.held.v1"]
    data: HeldConference


class SummarisedChild(ChildItem):
    """The outline plan and the next date of one child."""

    registered: Annotated[bool, Sharing.REGISTER]
    outline_plan: Annotated[Statement | None, Sharing.NARRATIVE] = None
    plan: Annotated[RecordPointer | None, Sharing.NARRATIVE] = None
    next_date: Annotated[date | None, Sharing.STAGE] = None


class SharedConferenceSummary(AboutChildren):
    """Outline plan, decisions and next dates: five working days after the conference (WSP c3pt2-p14)."""

    children: Annotated[tuple[SummarisedChild, ...], OneTo(MAX_CHILDREN)]
    conference: Annotated[Uuid, Sharing.CASE]
    """The id of the event that said it was held."""
    shared_at: Annotated[Moment, Sharing.STAGE]


class ConferenceSummaryShared(ChildrenEvent):
    """The summary of a conference was shared."""

    type: Literal["wales.child-protection.conferences.summary-shared.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.conferences.summary-shared.v1"]
    data: SharedConferenceSummary


class SharedConferenceRecord(AboutChildren):
    """The full record, good practice 20 working days after the conference; the chair decides who gets which copy."""

    conference: Annotated[Uuid, Sharing.CASE]
    shared_at: Annotated[Moment, Sharing.STAGE]
    copies: Annotated[Copies, Sharing.NARRATIVE]

    @model_validator(mode="after")
    def _tells_whoever_has_a_copy(self) -> Self:
        check_participants(self, (copy.party for copy in self.copies))
        return self


class ConferenceRecordShared(ChildrenEvent):
    """The record of a conference was shared."""

    type: Literal["wales.child-protection.conferences.record-shared.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.conferences.record-shared.v1"]
    data: SharedConferenceRecord


class ScheduledCoreGroup(AboutChildren):
    """A core group is booked by the co-ordinator."""

    starts_at: Annotated[Moment, Sharing.STAGE]
    manner: Annotated[Manner, Sharing.STAGE]
    place: Annotated[Line | None, Sharing.STAGE] = None
    first: Annotated[bool, Sharing.STAGE] = False
    """The first is within 10 working days of registration."""
    coordinator: Annotated[Coordinator, Sharing.CONTACT]
    invited: Annotated[Invitations, Sharing.ATTENDANCE]

    @model_validator(mode="after")
    def _tells_the_members(self) -> Self:
        check_participants(self, (invitation.party for invitation in self.invited))
        return self


class CoreGroupScheduled(ChildrenEvent):
    """A core group was booked."""

    type: Literal["wales.child-protection.conferences.core-group-scheduled.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.conferences.core-group-scheduled.v1"]
    data: ScheduledCoreGroup


class ChildOfCoreGroup(ChildItem):
    """How one child's plan goes."""

    child_voice: Annotated[ChildVoice | None, Sharing.VOICE] = None
    plan: Annotated[Literal["on-track", "slow", "not-working"], Sharing.STAGE]
    access_denied: Annotated[bool, Sharing.STAGE] = False
    """Denied access to child or home is reported to the group (WSP c4-p5)."""
    progress: Annotated[Statement, Sharing.NARRATIVE]


class HeldCoreGroup(AboutChildren):
    """The outcome of a core group."""

    children: Annotated[tuple[ChildOfCoreGroup, ...], OneTo(MAX_CHILDREN)]
    held_at: Annotated[Moment, Sharing.STAGE]
    coordinator: Annotated[Coordinator, Sharing.CONTACT]
    attended: Annotated[Attendees, Sharing.ATTENDANCE]
    absent: Annotated[Absentees, Sharing.ATTENDANCE] = ()
    next_core_group: Annotated[date | None, Sharing.STAGE] = None
    """Monthly, at most six weeks on."""

    @model_validator(mode="after")
    def _tells_the_members(self) -> Self:
        check_participants(self, (attendee.party for attendee in self.attended))
        return self


class CoreGroupHeld(ChildrenEvent):
    """A core group took place."""

    type: Literal["wales.child-protection.conferences.core-group-held.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.conferences.core-group-held.v1"]
    data: HeldCoreGroup


class MissedCoreGroup(AboutChildren):
    """A core group did not take place when it was due."""

    due_on: Annotated[date, Sharing.STAGE]
    reason: Annotated[
        Literal["not-arranged", "coordinator-absent", "members-absent", "family-absent", "cancelled", "other"],
        Sharing.STAGE,
    ]
    explanation: Annotated[Statement | None, Sharing.NARRATIVE] = None
    new_date: Annotated[date | None, Sharing.STAGE] = None


class CoreGroupMissed(ChildrenEvent):
    """A core group was missed."""

    type: Literal["wales.child-protection.conferences.core-group-missed.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.conferences.core-group-missed.v1"]
    data: MissedCoreGroup


EVENTS: tuple[EventType, ...] = (
    declared(
        ConferenceScheduled,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Conference scheduled",
        title_cy="Cynhadledd wedi'i threfnu",
        summary="An initial, review, transfer-in or pre-birth conference is booked, with its last lawful date.",
    ),
    declared(
        ConferenceHeld,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Conference held",
        title_cy="Cynhadledd wedi'i chynnal",
        summary="The decision for each child, its reasons, dissent, co-ordinator, core group and next dates.",
    ),
    declared(
        ConferenceSummaryShared,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Conference summary shared",
        title_cy="Crynodeb o gynhadledd wedi'i rannu",
        summary="Outline plan, decision and next date of each child.",
    ),
    declared(
        ConferenceRecordShared,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Conference record shared",
        title_cy="Cofnod cynhadledd wedi'i rannu",
        summary="Where each party can read its copy of the record, full or partial.",
    ),
    declared(
        CoreGroupScheduled,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Core group scheduled",
        title_cy="Grŵp craidd wedi'i drefnu",
        summary="The co-ordinator books a core group and asks its members.",
    ),
    declared(
        CoreGroupHeld,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Core group held",
        title_cy="Grŵp craidd wedi'i gynnal",
        summary="Who came and how each child's plan goes.",
    ),
    declared(
        CoreGroupMissed,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Core group missed",
        title_cy="Grŵp craidd heb ei gynnal",
        summary="A core group did not take place when it was due, and why.",
    ),
)
