"""Reports that a child may be at risk: submitted, acknowledged, decided, with reasons that go back to the referrer."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.case import MAX_CHILDREN, AboutChildren, ChildItem, ChildrenEvent
from contracts.categories import Categories
from contracts.envelope import Uuid
from contracts.event_type import EventType, declared
from contracts.identifiers import PoliceReference
from contracts.kinds import EVERY_AGENCY, SOCIAL_SERVICES_ALONE
from contracts.lists import OneTo
from contracts.parties import PartyUri
from contracts.people import ChildHealth, ChildVoice, FamilyInformed, HouseholdMember, Reporter, Sibling
from contracts.sharing import Sharing
from contracts.text import Statement
from contracts.times import Moment


class ReferredChild(ChildItem):
    """One child that a report is about."""

    suspected_categories: Annotated[Categories, Sharing.CATEGORIES]
    harm: Annotated[Literal["suffered", "likely", "not-sure"], Sharing.STAGE]
    """Whether the reporter believes that the child has suffered significant harm or is likely to."""
    immediate_danger: Annotated[bool, Sharing.STAGE]
    concern: Annotated[Statement, Sharing.NARRATIVE]
    """What was seen or said, when, and why it worries the reporter."""
    child_voice: Annotated[ChildVoice, Sharing.VOICE]
    health: Annotated[ChildHealth | None, Sharing.HEALTH] = None
    ethnicity: Annotated[
        Literal["asian", "black", "mixed", "white", "gypsy-or-traveller", "other", "not-known"], Sharing.FAMILY
    ] = "not-known"
    household: Annotated[tuple[HouseholdMember, ...], Field(max_length=20), Sharing.FAMILY] = ()
    siblings: Annotated[tuple[Sibling, ...], Field(max_length=20), Sharing.SIBLINGS] = ()


class SubmittedReferral(AboutChildren):
    """A report (Social Services and Well-being (Wales) Act 2014, section 130)."""

    children: Annotated[tuple[ReferredChild, ...], OneTo(MAX_CHILDREN)]
    referrer: Annotated[PartyUri, Sharing.REPORTER]
    """The party that acknowledgement and decision go back to."""
    reporter: Annotated[Reporter, Sharing.REPORTER]
    observed_at: Annotated[Moment | None, Sharing.STAGE] = None
    """When the concern occurred or came to notice."""
    telephoned_at: Annotated[Moment | None, Sharing.STAGE] = None
    """When it was first reported by telephone; it is confirmed in writing within 24 hours."""
    possible_crime: Annotated[bool, Sharing.STAGE]
    """The police are told immediately."""
    police_references: Annotated[tuple[PoliceReference, ...], Field(max_length=10), Sharing.POLICE_REFERENCE] = ()
    family_informed: Annotated[FamilyInformed, Sharing.FAMILY]


class ReferralSubmitted(ChildrenEvent):
    """A report was made to social services."""

    type: Literal["wales.child-protection.referrals.submitted.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.referrals.submitted.v1"]
    data: SubmittedReferral


class AcknowledgedReferral(AboutChildren):
    """Social services have the report and will decide within one working day."""

    referral: Annotated[Uuid, Sharing.CASE]
    """The id of the submitted report."""
    referrer: Annotated[PartyUri, Sharing.REPORTER]
    received_at: Annotated[Moment, Sharing.STAGE]
    decision_due: Annotated[date, Sharing.STAGE]


class ReferralAcknowledged(ChildrenEvent):
    """A report was received and is being decided."""

    type: Literal["wales.child-protection.referrals.acknowledged.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.referrals.acknowledged.v1"]
    data: AcknowledgedReferral


class DecidedChild(ChildItem):
    """What was decided for one child of a report."""

    decision: Annotated[Literal["no-further-action", "early-help", "assessment", "strategy-discussion"], Sharing.STAGE]
    reason: Annotated[
        Literal[
            "threshold-not-met",
            "known-and-in-hand",
            "not-enough-information",
            "family-accepts-help",
            "care-and-support-needs",
            "cause-to-suspect-significant-harm",
            "other",
        ],
        Sharing.STAGE,
    ]
    reasons_for_referrer: Annotated[Statement, Sharing.STAGE]
    """Written to be read by the referrer, whatever else the referrer may see: the loop is always closed."""
    basis: Annotated[Statement | None, Sharing.NARRATIVE] = None
    """What the decision rests on, for the record."""
    next_step_due: Annotated[date | None, Sharing.STAGE] = None


class DecidedReferral(AboutChildren):
    """The decision on a report, child by child."""

    children: Annotated[tuple[DecidedChild, ...], OneTo(MAX_CHILDREN)]
    referral: Annotated[Uuid, Sharing.CASE]
    referrer: Annotated[PartyUri, Sharing.REPORTER]
    decided_at: Annotated[Moment, Sharing.STAGE]


class ReferralDecided(ChildrenEvent):
    """A report was decided, and the reasons go back to the referrer."""

    type: Literal["wales.child-protection.referrals.decided.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.referrals.decided.v1"]
    data: DecidedReferral


EVENTS: tuple[EventType, ...] = (
    declared(
        ReferralSubmitted,
        publishers=EVERY_AGENCY,
        title_en="Report submitted",
        title_cy="Adroddiad wedi'i gyflwyno",
        summary="An agency reports that one or more children of a family may be at risk.",
    ),
    declared(
        ReferralAcknowledged,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Report acknowledged",
        title_cy="Adroddiad wedi'i gydnabod",
        summary="Social services have the report and say when they will decide.",
    ),
    declared(
        ReferralDecided,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Report decided",
        title_cy="Penderfyniad ar adroddiad",
        summary="What social services decided for each child, with the reasons for the referrer.",
    ),
)
