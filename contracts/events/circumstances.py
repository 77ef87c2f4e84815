"""Changes in a child's life that all who protect the child must know: moves, school, co-ordinator, visits, numbers."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.base import Contract
from contracts.case import AboutOneChild, ChildEvent
from contracts.envelope import Uuid
from contracts.event_type import EventType, declared
from contracts.events.register_changes import check_coordinator
from contracts.identifiers import NhsNumber, SchoolNumber, Upn
from contracts.kinds import EVERY_AGENCY, SOCIAL_SERVICES_ALONE, Kind
from contracts.parties import AuthorityId
from contracts.people import Address, Coordinator
from contracts.rules import Rule, broken
from contracts.sharing import Sharing
from contracts.text import Statement
from contracts.times import Moment


class MovedChild(AboutOneChild):
    """A child lives or stays somewhere else; `responsible_authority` is the originating one until a transfer."""

    moved_on: Annotated[date, Sharing.STAGE]
    learned_at: Annotated[Moment, Sharing.STAGE]
    """When the sender learned of it: written information reaches the receiving authority within three days."""
    stay: Annotated[Literal["temporary", "permanent", "not-known"], Sharing.STAGE]
    likely_until: Annotated[date | None, Sharing.STAGE] = None
    """More than 12 weeks, and the originating authority asks for a transfer-in conference."""
    destination: Annotated[
        Literal["wales", "england", "scotland", "northern-ireland", "abroad", "not-known"], Sharing.STAGE
    ]
    to_authority: Annotated[AuthorityId | None, Sharing.CASE] = None
    """Social services of the area moved to, in Wales."""
    new_address: Annotated[Address | None, Sharing.ADDRESS] = None
    on_the_register: Annotated[bool | None, Sharing.REGISTER] = None
    """None: the sender does not know."""
    note: Annotated[Statement | None, Sharing.NARRATIVE] = None

    @model_validator(mode="after")
    def _says_where_to(self) -> Self:
        if (self.destination == "wales") != (self.to_authority is not None):
            raise broken(Rule.DESTINATION)
        if self.stay == "permanent" and self.likely_until is not None:
            raise broken(Rule.STAY)
        return self


class ChildMoved(ChildEvent):
    """A child moved."""

    type: Literal["wales.child-protection.circumstances.child-moved.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.circumstances.child-moved.v1"]
    data: MovedChild


class ChangedSchool(AboutOneChild):
    """A child changed school or left school; `child.education` is the new place."""

    changed_on: Annotated[date, Sharing.EDUCATION]
    previous_school: Annotated[SchoolNumber | None, Sharing.EDUCATION] = None
    new_school: Annotated[SchoolNumber | None, Sharing.EDUCATION] = None
    reason: Annotated[
        Literal["moved-phase", "moved-home", "parents-choice", "excluded", "withdrawn-to-home-education", "other"],
        Sharing.EDUCATION,
    ]
    authority_consented: Annotated[bool | None, Sharing.EDUCATION] = None
    """To a withdrawal while section 47 enquiries go on (Education Act 1996, section 434A)."""

    @model_validator(mode="after")
    def _is_a_change(self) -> Self:
        if self.previous_school == self.new_school:
            raise broken(Rule.NO_CHANGE)
        if self.child.education is None or self.child.education.school != self.new_school:
            raise broken(Rule.NEW_SCHOOL)
        return self


class SchoolChanged(ChildEvent):
    """A child changed school."""

    type: Literal["wales.child-protection.circumstances.school-changed.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.circumstances.school-changed.v1"]
    data: ChangedSchool


class ChangedCoordinator(AboutOneChild):
    """A change of co-ordinator is told to all agencies and the family, by word and in writing (WSP c4-p3)."""

    effective_on: Annotated[date, Sharing.STAGE]
    previous: Annotated[Coordinator | None, Sharing.CONTACT] = None
    coordinator: Annotated[Coordinator | None, Sharing.CONTACT] = None
    senior_manager_told_at: Annotated[Moment | None, Sharing.STAGE] = None
    reason: Annotated[Literal["moved-post", "left", "absence", "workload", "transfer", "other"], Sharing.STAGE]
    told_in_person: Annotated[bool, Sharing.STAGE]
    """Child and family were told by word of mouth."""
    handover: Annotated[Statement | None, Sharing.NARRATIVE] = None

    @model_validator(mode="after")
    def _has_a_coordinator(self) -> Self:
        check_coordinator(self.coordinator, self.senior_manager_told_at)
        return self


class CoordinatorChanged(ChildEvent):
    """The co-ordinator of a child's plan changed."""

    type: Literal["wales.child-protection.circumstances.coordinator-changed.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.circumstances.coordinator-changed.v1"]
    data: ChangedCoordinator


class MissedVisit(AboutOneChild):
    """A visit that was due did not take place, or the child was not seen."""

    visit: Annotated[Literal["seen-alone", "seen-at-home", "bedroom-seen"], Sharing.STAGE]
    due_on: Annotated[date, Sharing.STAGE]
    reason: Annotated[
        Literal["access-denied", "nobody-in", "child-not-present", "staff-absence", "not-arranged", "other"],
        Sharing.STAGE,
    ]
    missed_in_a_row: Annotated[int, Field(ge=1, le=99), Sharing.STAGE]
    last_seen_on: Annotated[date | None, Sharing.STAGE] = None
    explanation: Annotated[Statement, Sharing.NARRATIVE]
    next_visit: Annotated[date | None, Sharing.STAGE] = None


class VisitMissed(ChildEvent):
    """A statutory visit was missed."""

    type: Literal["wales.child-protection.circumstances.visit-missed.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.circumstances.visit-missed.v1"]
    data: MissedVisit


class NhsNumberChange(Contract):
    """An NHS number came, went, or was merged into another; None is none."""

    previous: NhsNumber | None = None
    current: NhsNumber | None = None
    merged: bool = False


class UpnChange(Contract):
    """A unique pupil number came or went; None is none."""

    previous: Upn | None = None
    current: Upn | None = None


class ChangedIdentifier(AboutOneChild):
    """By which numbers a child was known and is known now; `child` carries the new ones."""

    changed_on: Annotated[date, Sharing.STAGE]
    nhs_number: Annotated[NhsNumberChange | None, Sharing.NHS_NUMBER] = None
    upn: Annotated[UpnChange | None, Sharing.UPN] = None
    previous_reference: Annotated[Uuid | None, Sharing.CASE] = None
    """The sender knew the same child by this reference too: two records turned out to be one child's."""

    @model_validator(mode="after")
    def _is_a_change(self) -> Self:
        if self.nhs_number is None and self.upn is None and self.previous_reference is None:
            raise broken(Rule.NO_CHANGE)
        for change in (self.nhs_number, self.upn):
            if change is not None and change.previous == change.current:
                raise broken(Rule.NO_CHANGE)
        return self


class IdentifierChanged(ChildEvent):
    """An identifier of a child changed."""

    type: Literal["wales.child-protection.circumstances.identifier-changed.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.circumstances.identifier-changed.v1"]
    data: ChangedIdentifier


EVENTS: tuple[EventType, ...] = (
    declared(
        ChildMoved,
        publishers=EVERY_AGENCY,
        title_en="Child moved",
        title_cy="Plentyn wedi symud",
        summary="A child lives or stays somewhere else; whoever learns of it tells all.",
    ),
    declared(
        SchoolChanged,
        publishers=frozenset({Kind.SOCIAL_SERVICES, Kind.EDUCATION, Kind.SCHOOLS}),
        title_en="School changed",
        title_cy="Ysgol wedi newid",
        summary="A child changed school, or left school for education at home.",
    ),
    declared(
        CoordinatorChanged,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Co-ordinator changed",
        title_cy="Cydlynydd wedi newid",
        summary="Another social worker co-ordinates the child's care and support protection plan.",
    ),
    declared(
        VisitMissed,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Visit missed",
        title_cy="Ymweliad heb ei wneud",
        summary="A statutory visit did not take place, or the child was not seen.",
    ),
    declared(
        IdentifierChanged,
        publishers=frozenset({Kind.SOCIAL_SERVICES, Kind.EDUCATION, Kind.HEALTH}),
        title_en="Identifier changed",
        title_cy="Dynodydd wedi newid",
        summary="An NHS number, UPN or reference of a child changed or was merged.",
    ),
)
