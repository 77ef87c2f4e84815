"""Strategy discussions: who was asked and why, who came, what was decided for each child, where the record is."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.case import MAX_CHILDREN, AboutChildren, ChildItem, ChildrenEvent, check_participants
from contracts.envelope import Uuid
from contracts.event_type import EventType, declared
from contracts.identifiers import PoliceReference
from contracts.kinds import SOCIAL_SERVICES_ALONE
from contracts.lists import OneTo
from contracts.meetings import Absentees, Attendees, Copies, Invitations, Manner, Tasks, check_quorum
from contracts.people import ChildVoice, Practitioner
from contracts.rules import Rule, broken
from contracts.sharing import Sharing
from contracts.text import Line, Statement
from contracts.times import Moment


class DiscussedChild(ChildItem):
    """One child that a discussion is to be about."""

    concern: Annotated[Statement, Sharing.NARRATIVE]


class ConvenedStrategyDiscussion(AboutChildren):
    """An invitation to a strategy discussion."""

    children: Annotated[tuple[DiscussedChild, ...], OneTo(MAX_CHILDREN)]
    referral: Annotated[Uuid | None, Sharing.CASE] = None
    starts_at: Annotated[Moment, Sharing.STAGE]
    manner: Annotated[Manner, Sharing.STAGE]
    place: Annotated[Line | None, Sharing.STAGE] = None
    reconvened: Annotated[bool, Sharing.STAGE] = False
    after_immediate_protection: Annotated[bool, Sharing.STAGE] = False
    """Police protection or an emergency protection order came first."""
    chair: Annotated[Practitioner, Sharing.CONTACT]
    invited: Annotated[Invitations, Sharing.ATTENDANCE]

    @model_validator(mode="after")
    def _asks_whom_it_must(self) -> Self:
        check_quorum(self.invited)
        check_participants(self, (invitation.party for invitation in self.invited))
        return self


class StrategyDiscussionConvened(ChildrenEvent):
    """A strategy discussion was called."""

    type: Literal["wales.child-protection.strategy-discussions.convened.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.strategy-discussions.convened.v1"]
    data: ConvenedStrategyDiscussion


class StrategyDecision(ChildItem):
    """What was decided for one child."""

    child_voice: Annotated[ChildVoice, Sharing.VOICE]
    section_47: Annotated[bool, Sharing.STAGE]
    """Whether enquiries under section 47 of the Children Act 1989 start."""
    enquiry: Annotated[Literal["single-agency", "joint"] | None, Sharing.STAGE] = None
    basis: Annotated[Statement, Sharing.NARRATIVE]
    tasks: Annotated[Tasks, Sharing.NARRATIVE] = ()

    @model_validator(mode="after")
    def _enquiry_says_by_whom(self) -> Self:
        if self.section_47 != (self.enquiry is not None):
            raise broken(Rule.SECTION_47)
        return self


class HeldStrategyDiscussion(AboutChildren):
    """The outcome of a strategy discussion."""

    children: Annotated[tuple[StrategyDecision, ...], OneTo(MAX_CHILDREN)]
    convened: Annotated[Uuid | None, Sharing.CASE] = None
    """The id of the event that called it; None when it was held at once."""
    held_at: Annotated[Moment, Sharing.STAGE]
    manner: Annotated[Manner, Sharing.STAGE]
    chair: Annotated[Practitioner, Sharing.CONTACT]
    attended: Annotated[Attendees, Sharing.ATTENDANCE]
    absent: Annotated[Absentees, Sharing.ATTENDANCE] = ()
    departure: Annotated[Statement | None, Sharing.ATTENDANCE] = None
    """Why the senior safeguarding manager let it go ahead without social services or police."""
    police_references: Annotated[tuple[PoliceReference, ...], Field(max_length=10), Sharing.POLICE_REFERENCE] = ()

    @model_validator(mode="after")
    def _was_quorate(self) -> Self:
        if self.departure is None:
            check_quorum(self.attended)
        check_participants(self, (attendee.party for attendee in self.attended))
        return self


class StrategyDiscussionHeld(ChildrenEvent):
    """A strategy discussion took place."""

    type: Literal["wales.child-protection.strategy-discussions.held.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.strategy-discussions.held.v1"]
    data: HeldStrategyDiscussion


class SharedStrategyRecord(AboutChildren):
    """Where the record of a strategy discussion can be read."""

    discussion: Annotated[Uuid, Sharing.CASE]
    """The id of the event that said it was held."""
    shared_at: Annotated[Moment, Sharing.STAGE]
    copies: Annotated[Copies, Sharing.NARRATIVE]

    @model_validator(mode="after")
    def _tells_whoever_has_a_copy(self) -> Self:
        check_participants(self, (copy.party for copy in self.copies))
        return self


class StrategyRecordShared(ChildrenEvent):
    """The record of a strategy discussion was shared."""

    type: Literal["wales.child-protection.strategy-discussions.record-shared.v1"]
    dataschema: Literal["urn:dolen:schema:wales.child-protection.strategy-discussions.record-shared.v1"]
    data: SharedStrategyRecord


EVENTS: tuple[EventType, ...] = (
    declared(
        StrategyDiscussionConvened,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Strategy discussion convened",
        title_cy="Trafodaeth strategaeth wedi'i galw",
        summary="Social services call a strategy discussion: when, how, who is asked and why.",
    ),
    declared(
        StrategyDiscussionHeld,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Strategy discussion held",
        title_cy="Trafodaeth strategaeth wedi'i chynnal",
        summary="Who came, who did not, and for each child whether section 47 enquiries start.",
    ),
    declared(
        StrategyRecordShared,
        publishers=SOCIAL_SERVICES_ALONE,
        title_en="Strategy discussion record shared",
        title_cy="Cofnod trafodaeth strategaeth wedi'i rannu",
        summary="Where each party can read its copy of the record, full or partial.",
    ),
)
