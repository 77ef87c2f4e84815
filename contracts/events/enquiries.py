"""Enquiries under section 47 of the Children Act 1989: started, and concluded with a determination for each child."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.case import MAX_CHILDREN, AboutChildren, ChildItem, ChildrenEvent
from contracts.envelope import Uuid
from contracts.event_type import EventType, declared
from contracts.identifiers import PoliceReference
from contracts.kinds import SOCIAL_SERVICES_ALONE
from contracts.lists import OneTo
from contracts.people import ChildVoice, FamilyInformed, Practitioner
from contracts.rules import Rule, broken
from contracts.sharing import Sharing
from contracts.text import Statement
from contracts.times import Moment


class ChildOfEnquiry(ChildItem):
    """One child about whom enquiries start."""

    enquiry: Annotated[Literal["single-agency", "joint"], Sharing.STAGE]
    social_worker: Annotated[Practitioner, Sharing.CONTACT]
    assessment_due: Annotated[date, Sharing.STAGE]
    """42 working days from the start (WSP c3pt2-p13)."""


class StartedEnquiry(AboutChildren):
    """The start of section 47 enquiries. From now on a parent needs the authority's consent to educate at home."""

    children: Annotated[tuple[ChildOfEnquiry, ...], OneTo(MAX_CHILDREN)]
    discussion: Annotated[Uuid | None, Sharing.CASE] = None
    """The id of the strategy discussion that decided it."""
    started_at: Annotated[Moment, Sharing.STAGE]
    conference_due: Annotated[date | None, Sharing.STAGE] = None
    """15 working days from the strategy discussion, should there be a conference."""
    family_informed: Annotated[FamilyInformed, Sharing.FAMILY]
    police_references: Annotated[tuple[PoliceReference, ...], Field(max_length=10), Sharing.POLICE_REFERENCE] = ()


class EnquiryStarted(ChildrenEvent):
    """Section 47 enquiries started."""

    type: Literal["wales.child-protection.enquiries.started.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.enquiries.started.v1"]
    data: StartedEnquiry


class Determination(ChildItem):
    """The determination for one child."""

    child_voice: Annotated[ChildVoice, Sharing.VOICE]
    determination: Annotated[Literal["D1", "D2", "D3"], Sharing.STAGE]
    """D1 not substantiated; D2 substantiated, not at continuing risk of significant harm; D3 substantiated, at risk."""
    basis: Annotated[Statement, Sharing.NARRATIVE]
    ratified_by: Annotated[Practitioner | None, Sharing.CONTACT] = None
    """The manager who ratified a D1."""
    conference_due: Annotated[date | None, Sharing.STAGE] = None
    care_and_support_needs: Annotated[bool, Sharing.STAGE] = False

    @model_validator(mode="after")
    def _follows_through(self) -> Self:
        if self.determination == "D1" and self.ratified_by is None:
            raise broken(Rule.DETERMINATION_1)
        if (self.determination == "D3") != (self.conference_due is not None):
            raise broken(Rule.DETERMINATION_3)
        return self


class ConcludedEnquiry(AboutChildren):
    """The end of section 47 enquiries."""

    children: Annotated[tuple[Determination, ...], OneTo(MAX_CHILDREN)]
    enquiry: Annotated[Uuid, Sharing.CASE]
    """The id of the event that started them."""
    concluded_at: Annotated[Moment, Sharing.STAGE]


class EnquiryConcluded(ChildrenEvent):
    """Section 47 enquiries were concluded."""

    type: Literal["wales.child-protection.enquiries.concluded.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.enquiries.concluded.v1"]
    data: ConcludedEnquiry


EVENTS: tuple[EventType, ...] = (
    declared(
        EnquiryStarted,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Section 47 enquiries started",
        title_cy="Ymholiadau adran 47 wedi dechrau",
        summary="Enquiries into whether a child suffers significant harm start, by one agency or jointly.",
    ),
    declared(
        EnquiryConcluded,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Section 47 enquiries concluded",
        title_cy="Ymholiadau adran 47 wedi dod i ben",
        summary="For each child determination D1, D2 or D3, with its basis and the child's voice.",
    ),
)
