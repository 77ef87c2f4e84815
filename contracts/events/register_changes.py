"""Changes of the child protection register and enquiries made to it, one child at a time."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.case import AboutOneChild, ChildEvent, Parties, check_participants
from contracts.categories import Categories
from contracts.envelope import Uuid
from contracts.event_type import EventType, declared
from contracts.kinds import SOCIAL_SERVICES_ALONE, Kind
from contracts.parties import AuthorityId, PartyUri
from contracts.people import AgencyView, Coordinator, Practitioner
from contracts.rules import Rule, broken
from contracts.sharing import Sharing
from contracts.text import Statement
from contracts.times import Moment


class RegisteredChild(AboutOneChild):
    """A child's name is on the register by the decision of a conference."""

    registered_on: Annotated[date, Sharing.REGISTER]
    conference: Annotated[Uuid, Sharing.CASE]
    """The id of the event that said the conference was held."""
    categories: Annotated[Categories, Sharing.CATEGORIES]
    categories_may_be_shared_with_school: Annotated[bool, Sharing.CASE] = False
    """The chair agrees that the child's school is told of the categories."""
    coordinator: Annotated[Coordinator | None, Sharing.CONTACT] = None
    senior_manager_told_at: Annotated[Moment | None, Sharing.STAGE] = None
    """Where no co-ordinator is named, the senior manager is told immediately."""
    core_group: Annotated[Parties, Sharing.ATTENDANCE] = ()
    first_core_group: Annotated[date, Sharing.STAGE]
    next_review: Annotated[date, Sharing.STAGE]

    @model_validator(mode="after")
    def _has_a_coordinator_and_tells_the_core_group(self) -> Self:
        check_coordinator(self.coordinator, self.senior_manager_told_at)
        check_participants(self, self.core_group)
        return self


class ChildRegistered(ChildEvent):
    """A child's name was placed on the register."""

    type: Literal["wales.child-protection.register-changes.registered.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.register-changes.registered.v1"]
    data: RegisteredChild


class ChangedCategory(AboutOneChild):
    """A review changed the categories under which a child's name is registered."""

    changed_on: Annotated[date, Sharing.REGISTER]
    conference: Annotated[Uuid, Sharing.CASE]
    previous_categories: Annotated[Categories, Sharing.CATEGORIES]
    categories: Annotated[Categories, Sharing.CATEGORIES]
    categories_may_be_shared_with_school: Annotated[bool, Sharing.CASE] = False
    """The chair agrees that the child's school is told of the categories."""
    reasons: Annotated[Statement, Sharing.NARRATIVE]

    @model_validator(mode="after")
    def _is_a_change(self) -> Self:
        if set(self.previous_categories) == set(self.categories):
            raise broken(Rule.NO_CHANGE)
        return self


class CategoryChanged(ChildEvent):
    """The categories of a registered child changed."""

    type: Literal["wales.child-protection.register-changes.category-changed.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.register-changes.category-changed.v1"]
    data: ChangedCategory


class TemporarilyRegisteredChild(AboutOneChild):
    """A child on the register of another authority stays here: an entry without a conference (WSP c4-p12)."""

    registered_on: Annotated[date, Sharing.REGISTER]
    home_authority: Annotated[AuthorityId | None, Sharing.REGISTER] = None
    """On whose register the name is, and who keeps responsibility; None: an authority outside Wales."""
    likely_until: Annotated[date | None, Sharing.REGISTER] = None
    categories: Annotated[Categories, Sharing.CATEGORIES]
    categories_may_be_shared_with_school: Annotated[bool, Sharing.CASE] = False
    """The chair agrees that the child's school is told of the categories."""
    coordinator: Annotated[Coordinator | None, Sharing.CONTACT] = None


class ChildTemporarilyRegistered(ChildEvent):
    """A child's name was entered on the register for a stay."""

    type: Literal["wales.child-protection.register-changes.temporarily-registered.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.register-changes.temporarily-registered.v1"]
    data: TemporarilyRegisteredChild


class RemovedChild(AboutOneChild):
    """A child's name is off the register; reasons, progress and every agency's view are part of it."""

    removed_on: Annotated[date, Sharing.REGISTER]
    reason: Annotated[
        Literal["review-decision", "reached-18", "died", "left-united-kingdom", "transferred"], Sharing.REGISTER
    ]
    conference: Annotated[Uuid | None, Sharing.CASE] = None
    """The review, or the transfer conference of the receiving authority."""
    to_authority: Annotated[AuthorityId | None, Sharing.REGISTER] = None
    """The receiving authority of a transfer within Wales."""
    reasons: Annotated[Statement, Sharing.NARRATIVE]
    progress: Annotated[Statement | None, Sharing.NARRATIVE] = None
    """What has changed for the child since registration: reviews found this missing."""
    agency_views: Annotated[tuple[AgencyView, ...], Field(max_length=40), Sharing.NARRATIVE] = ()
    without_consensus: Annotated[bool, Sharing.STAGE] = False
    """The chair decided though agencies did not agree."""
    support_afterwards: Annotated[Statement | None, Sharing.NARRATIVE] = None

    @model_validator(mode="after")
    def _rests_on_something(self) -> Self:
        if self.reason in ("review-decision", "transferred") and self.conference is None:
            raise broken(Rule.REMOVAL_CONFERENCE)
        if self.reason == "review-decision" and not (self.agency_views and self.progress):
            raise broken(Rule.REMOVAL_VIEWS)
        if self.without_consensus != any(view.view == "dissents" for view in self.agency_views):
            raise broken(Rule.CONSENSUS)
        return self


class ChildRemoved(ChildEvent):
    """A child's name was removed from the register."""

    type: Literal["wales.child-protection.register-changes.removed.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.register-changes.removed.v1"]
    data: RemovedChild


class MadeEnquiry(AboutOneChild):
    """Somebody asked whether a child is on the register; `responsible_authority` keeps the register that was asked."""

    enquirer: Annotated[PartyUri, Sharing.STAGE]
    asked_by: Annotated[Practitioner, Sharing.CONTACT]
    asked_at: Annotated[Moment, Sharing.STAGE]
    out_of_hours: Annotated[bool, Sharing.STAGE]
    identity_checked: Annotated[Literal["called-back", "smart-card", "known-in-person", "system-login"], Sharing.STAGE]
    """How: nobody is answered unchecked."""
    purpose: Annotated[
        Literal["emergency-department", "unscheduled-care", "police-attendance", "assessment", "court", "other"],
        Sharing.STAGE,
    ]
    answer: Annotated[Literal["on-the-register", "was-on-the-register", "not-on-the-register"], Sharing.REGISTER]
    note: Annotated[Statement | None, Sharing.NARRATIVE] = None


class EnquiryMade(ChildEvent):
    """The register was asked about a child."""

    type: Literal["wales.child-protection.register-changes.enquiry-made.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.register-changes.enquiry-made.v1"]
    data: MadeEnquiry


def check_coordinator(coordinator: Coordinator | None, senior_manager_told_at: Moment | None) -> None:
    """Refuse a registered child for whom nobody co-ordinates and nobody senior knows it."""
    if coordinator is None and senior_manager_told_at is None:
        raise broken(Rule.COORDINATOR)


EVENTS: tuple[EventType, ...] = (
    declared(
        ChildRegistered,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Name placed on the register",
        title_cy="Enw wedi'i osod ar y gofrestr",
        summary="A conference placed a child's name on the child protection register, under one to five categories.",
    ),
    declared(
        CategoryChanged,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Category of registration changed",
        title_cy="Categori cofrestru wedi'i newid",
        summary="A review changed the categories under which a child's name is registered.",
    ),
    declared(
        ChildTemporarilyRegistered,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Name placed on the register temporarily",
        title_cy="Enw wedi'i osod ar y gofrestr dros dro",
        summary="A child on another authority's register stays in this area.",
    ),
    declared(
        ChildRemoved,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Name removed from the register",
        title_cy="Enw wedi'i dynnu oddi ar y gofrestr",
        summary="A child's name was removed, with the reason, the progress and each agency's view.",
    ),
    declared(
        EnquiryMade,
        publishers=frozenset({Kind.SOCIAL_SERVICES, Kind.POLICE, Kind.HEALTH}),
        title_en="Enquiry made to the register",
        title_cy="Ymholiad wedi'i wneud i'r gofrestr",
        summary="Somebody whose identity was checked asked whether a child is on the register.",
    ),
)
