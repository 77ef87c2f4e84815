"""Who an event is about and who is working with them: children, born and unborn, their families and practitioners."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.base import Contract
from contracts.envelope import Uuid
from contracts.identifiers import (
    AuthorityPersonId,
    EmailAddress,
    GpPractice,
    LanguageTag,
    NhsNumber,
    Postcode,
    RecordNumber,
    SchoolNumber,
    Sha256,
    SocialWorkerNumber,
    Telephone,
    Upn,
    Uprn,
)
from contracts.lists import OneTo
from contracts.parties import AgencyId, PartyUri
from contracts.rules import Rule, broken
from contracts.sharing import Sharing
from contracts.text import Language, Line, Name, Prose, Statement
from contracts.variants import ToldApartBy


class PersonName(Contract):
    """One of the names that a person is known by."""

    given: Name
    family: Name
    use: Literal["legal", "known-by", "previous"] = "legal"


class Address(Contract):
    """Where somebody lives."""

    lines: Annotated[tuple[Line, ...], OneTo(6)]
    postcode: Postcode | None = None
    uprn: Uprn | None = None


class TemporaryAddress(Contract):
    """Where somebody stays for a while; all core group members are told of it and of its likely length."""

    address: Address
    since: date | None = None
    likely_until: date | None = None


class LanguageNeeds(Contract):
    """How to speak with a child and the family; the preference decides the language of letters."""

    first: LanguageTag
    preferred: Literal["cy", "en", "cy-and-en"] | None = None
    """None: not asked yet, and so written to in both."""
    interpreter_needed: bool = False


class OnRoll(Contract):
    """A pupil of a maintained school or nursery in Wales."""

    status: Literal["on-roll"]
    school: SchoolNumber
    year_group: Annotated[int, Field(ge=-2, le=14)] | None = None
    """National Curriculum year: -2 and -1 are nursery, 0 is reception."""


class NotOnRoll(Contract):
    """A child whom no maintained school in Wales sees: the education desk of the area stands in."""

    status: Literal[
        "home-educated",
        "educated-otherwise",
        "independent-school",
        "school-outside-wales",
        "further-education",
        "missing-education",
        "below-school-age",
        "above-school-age",
        "unknown",
    ]
    school: None = None


Education = Annotated[OnRoll | NotOnRoll, ToldApartBy("status")]
"""Where a child is educated; `school` is always there to be read."""


class Mother(Contract):
    """The mother of an unborn child, by whom the child is known until birth."""

    name: Annotated[PersonName, Sharing.FAMILY]
    date_of_birth: Annotated[date | None, Sharing.FAMILY] = None
    nhs_number: Annotated[NhsNumber | None, Sharing.NHS_NUMBER] = None


class Child(Contract):
    """A child, born or unborn.

    A born child has a name, a date of birth and a place of education (which may be `unknown`). An unborn child has an
    expected date of delivery and a mother, and has no name and no number.
    """

    reference: Annotated[Uuid, Sharing.CASE]
    """The sender's own reference; the event's `subject` is one of these."""
    shielded: Annotated[bool, Sharing.CASE] = False
    """Where this child lives must be kept from those who might seek the child out."""
    authority_person_id: Annotated[AuthorityPersonId | None, Sharing.CASE] = None
    names: Annotated[tuple[PersonName, ...], Field(max_length=6), Sharing.IDENTITY] = ()
    date_of_birth: Annotated[date | None, Sharing.IDENTITY] = None
    date_of_birth_estimated: Annotated[bool, Sharing.IDENTITY] = False
    expected_delivery: Annotated[date | None, Sharing.IDENTITY] = None
    sex: Annotated[Literal["female", "male", "indeterminate", "not-known"], Sharing.IDENTITY] = "not-known"
    mother: Mother | None = None
    nhs_number: Annotated[NhsNumber | None, Sharing.NHS_NUMBER] = None
    upn: Annotated[Upn | None, Sharing.UPN] = None
    education: Annotated[Education | None, Sharing.EDUCATION] = None
    home_address: Annotated[Address | None, Sharing.ADDRESS] = None
    temporary_address: Annotated[TemporaryAddress | None, Sharing.ADDRESS] = None
    language: Annotated[LanguageNeeds | None, Sharing.LANGUAGE] = None

    @model_validator(mode="after")
    def _is_born_or_unborn(self) -> Self:
        if self.expected_delivery is None:
            _check_born(self)
        else:
            _check_unborn(self)
        return self


def _check_born(child: Child) -> None:
    if child.date_of_birth is None or not child.names or child.mother is not None:
        raise broken(Rule.BORN_CHILD)
    if child.education is None:
        raise broken(Rule.EDUCATION)


def _check_unborn(child: Child) -> None:
    if child.mother is None:
        raise broken(Rule.UNBORN_CHILD_MOTHER)
    if child.names or child.date_of_birth or child.nhs_number or child.upn or child.education:
        raise broken(Rule.UNBORN_CHILD)


class ChildHeard(Contract):
    """What the child said or showed, in the child's own words where there are words."""

    status: Literal["captured"]
    seen: bool
    seen_alone: bool
    words: Prose
    """The child's words, or what was seen of a child too young to speak."""
    language: LanguageTag
    advocate_offered: bool


class ChildNotHeard(Contract):
    """Why the child's voice is not here: silence is never the default."""

    status: Literal["not-captured"]
    reason: Literal[
        "unborn", "too-young", "unsafe-to-ask", "child-declined", "child-not-reached", "no-interpreter", "other"
    ]
    explanation: Statement
    next_attempt: date | None = None


ChildVoice = Annotated[ChildHeard | ChildNotHeard, ToldApartBy("status")]
"""Captured, or the reason that it is not (rapid review, 2023: the child's voice must be heard consistently)."""


class FamilyTold(Contract):
    """The family knows of this step."""

    informed: Literal["yes"]
    informed_on: date | None = None
    views: Statement | None = None
    """What parents or carers said."""


class FamilyNotTold(Contract):
    """The family does not know of this step, since telling them would add to the risk or cannot be done yet."""

    informed: Literal["no"]
    reason: Literal["adds-risk", "prejudices-investigation", "urgent", "not-reached", "other"]
    explanation: Statement


FamilyInformed = Annotated[FamilyTold | FamilyNotTold, ToldApartBy("informed")]


class HouseholdMember(Contract):
    """Somebody in the child's family or household."""

    name: PersonName
    relationship: Literal[
        "mother", "father", "parent", "step-parent", "parents-partner", "grandparent", "carer", "sibling", "other"
    ]
    parental_responsibility: bool | None = None
    same_household: bool = True
    date_of_birth: date | None = None


class Sibling(Contract):
    """Another child of the family who is not the subject of this event."""

    name: PersonName
    date_of_birth: date | None = None
    school: SchoolNumber | None = None
    same_household: bool = True


class ChildHealth(Contract):
    """Who looks after the child's health, and what a practitioner must know of it."""

    gp_practice: GpPractice | None = None
    needs: Statement | None = None
    """Disability, communication needs, conditions."""
    injuries_seen: Statement | None = None
    """Injuries seen by health that were not passed on are the finding of more than one review."""


class Practitioner(Contract):
    """Somebody who works with the child, by role first: people change, teams stay."""

    name: Name
    role: Line
    telephone: Telephone | None = None
    email: EmailAddress | None = None


class Coordinator(Contract):
    """The care and support protection plan co-ordinator: a registered social worker."""

    name: Name
    team: Line
    telephone: Telephone
    email: EmailAddress | None = None
    registration: SocialWorkerNumber | None = None


class TeamContact(Contract):
    """Whom to call about this event, in office hours and out of them."""

    team: Line
    telephone: Telephone
    out_of_hours_telephone: Telephone | None = None
    """The emergency duty team's number, where the team is social services'."""
    email: EmailAddress | None = None
    language: Language | None = None


class PractitionerReporter(Contract):
    """A report by somebody at work."""

    kind: Literal["practitioner"]
    practitioner: Practitioner
    organisation: Line | None = None


class PrivateReporter(Contract):
    """A report by the child, the family or the public: treated the same as a practitioner's."""

    kind: Literal["child", "family", "public"]
    name: Name | None = None
    telephone: Telephone | None = None


class AnonymousReporter(Contract):
    """A report by somebody who gave no name: treated the same as a practitioner's."""

    kind: Literal["anonymous"]


Reporter = Annotated[PractitionerReporter | PrivateReporter | AnonymousReporter, ToldApartBy("kind")]


class AgencyView(Contract):
    """What one agency thinks of a decision; the chair decides without consensus, and dissent is on record."""

    party: PartyUri
    view: Literal["agrees", "dissents", "no-view"]
    reasons: Statement | None = None

    @model_validator(mode="after")
    def _dissent_has_reasons(self) -> Self:
        if self.view == "dissents" and self.reasons is None:
            raise broken(Rule.DISSENT_REASONS)
        return self


class RecordPointer(Contract):
    """Where a record is kept: minutes are pointed to, not sent."""

    held_by: AgencyId
    record: RecordNumber
    language: Literal["cy", "en", "cy-and-en"]
    sha256: Sha256 | None = None
    """Of the document's bytes, so that what is opened can be shown to be what was shared."""
