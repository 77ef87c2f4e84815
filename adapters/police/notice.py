"""A public protection notice as a force's records system knows it: `notice.xsd`, element for element."""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_pascal
from pydantic_core import PydanticCustomError

from contracts.envelope import Uuid
from contracts.identifiers import (
    EmailAddress,
    GpPractice,
    LanguageTag,
    NhsNumber,
    PoliceNumber,
    Postcode,
    RecordNumber,
    SchoolNumber,
    Telephone,
    Upn,
    Uprn,
)
from contracts.parties import AgencyId, AuthorityId, PartyUri
from contracts.text import Language, Line, Prose
from contracts.text import Name as PersonName
from contracts.times import Moment

ONE_OF = "one_of"
"""The error of a part of which more or fewer than one variant is given."""


class Part(BaseModel):
    """One element; in JSON its fields have the elements' names, and a repeated element is a list."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        alias_generator=to_pascal,
        validate_by_name=True,
        use_attribute_docstrings=True,
    )
    attributes: ClassVar[frozenset[str]] = frozenset()
    """Fields that XML has as attributes."""
    variants: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Fields of which exactly one is given."""

    @model_validator(mode="after")
    def _has_one_of_each(self) -> Self:
        for fields in self.variants:
            if sum(getattr(self, field) is not None for field in fields) != 1:
                raise PydanticCustomError(ONE_OF, "exactly one of the variants is given")
        return self


class Narrative(Part):
    """What an officer wrote, in the language it was written in."""

    attributes = frozenset({"language"})

    language: Annotated[Language, Field(alias="language")]
    text: Prose


class Name(Part):
    """One of the names that somebody is known by."""

    attributes = frozenset({"use"})

    use: Annotated[Literal["LEGAL", "KNOWN_BY", "PREVIOUS"], Field(alias="use")] = "LEGAL"
    forename: PersonName
    surname: PersonName


class Address(Part):
    """Where somebody lives."""

    line: tuple[Line, ...]
    postcode: Postcode | None = None
    uprn: Uprn | None = None


class TemporaryAddress(Part):
    """Where somebody stays for a while."""

    address: Address
    since: date | None = None
    likely_until: date | None = None


class Education(Part):
    """Where a child is educated."""

    status: Literal[
        "ON_ROLL", "HOME_EDUCATED", "EDUCATED_OTHERWISE", "INDEPENDENT_SCHOOL", "SCHOOL_OUTSIDE_WALES",
        "FURTHER_EDUCATION", "MISSING_EDUCATION", "BELOW_SCHOOL_AGE", "ABOVE_SCHOOL_AGE", "UNKNOWN",
    ]  # fmt: skip
    school: SchoolNumber | None = None
    year_group: Annotated[int, Field(ge=-2, le=14)] | None = None


class ChildLanguage(Part):
    """How to speak with a child and the family."""

    first: LanguageTag
    preferred: Literal["CY", "EN", "CY_AND_EN"] | None = None
    interpreter_needed: bool = False


class Mother(Part):
    """The mother of an unborn child."""

    name: Name
    date_of_birth: date | None = None
    nhs_number: NhsNumber | None = None


class SocialServicesNumber(Part):
    """A child's number at social services, where the force knows it."""

    social_services: AgencyId
    number: RecordNumber


class Child(Part):
    """The nominal record of a child."""

    nominal_number: PoliceNumber
    address_protected: bool = False
    social_services_number: SocialServicesNumber | None = None
    name: tuple[Name, ...] = ()
    date_of_birth: date | None = None
    date_of_birth_estimated: bool = False
    expected_delivery: date | None = None
    sex: Literal["F", "M", "X", "U"] = "U"
    mother: Mother | None = None
    nhs_number: NhsNumber | None = None
    upn: Upn | None = None
    education: Education | None = None
    home_address: Address | None = None
    temporary_address: TemporaryAddress | None = None
    language: ChildLanguage | None = None


class Heard(Part):
    """What a child said or showed."""

    seen: bool
    seen_alone: bool
    words: Prose
    language: LanguageTag
    advocate_offered: bool


class NotHeard(Part):
    """Why a child's voice is not here."""

    reason: Literal[
        "UNBORN", "TOO_YOUNG", "UNSAFE_TO_ASK", "CHILD_DECLINED", "CHILD_NOT_REACHED", "NO_INTERPRETER", "OTHER"
    ]
    explanation: Narrative
    next_attempt: date | None = None


class HouseholdMember(Part):
    """Somebody in a child's family or household."""

    name: Name
    relationship: Literal[
        "MOTHER", "FATHER", "PARENT", "STEP_PARENT", "PARENTS_PARTNER", "GRANDPARENT", "CARER", "SIBLING", "OTHER"
    ]
    parental_responsibility: bool | None = None
    same_household: bool = True
    date_of_birth: date | None = None


class Sibling(Part):
    """Another child of the family whom the notice is not about."""

    name: Name
    date_of_birth: date | None = None
    school: SchoolNumber | None = None
    same_household: bool = True


class Assessment(Part):
    """What officers are worried about, for one child."""

    variants = (("heard", "not_heard"),)

    nominal_number: PoliceNumber
    category: tuple[Literal["PHYSICAL", "SEXUAL", "EMOTIONAL", "FINANCIAL", "NEGLECT"], ...]
    harm: Literal["SUFFERED", "LIKELY", "NOT_SURE"]
    immediate_danger: bool
    concern: Narrative
    heard: Heard | None = None
    not_heard: NotHeard | None = None
    gp_practice: GpPractice | None = None
    health_needs: Narrative | None = None
    injuries_seen: Narrative | None = None
    ethnicity: Annotated[str, Field(pattern="^(A[1-49]|B[129]|M[1-39]|W[1-39]|O[29]|NS)$")] | None = None
    """Self-defined, 18+1 codes."""
    household: tuple[HouseholdMember, ...] = ()
    sibling: tuple[Sibling, ...] = ()


class Officer(Part):
    """Somebody at work."""

    name: PersonName
    role: Line
    telephone: Telephone | None = None
    email: EmailAddress | None = None
    organisation: Line | None = None


class Caller(Part):
    """A child, a family or a member of the public who called the police."""

    kind: Literal["CHILD", "FAMILY", "PUBLIC"]
    name: PersonName | None = None
    telephone: Telephone | None = None


class AnonymousCaller(Part):
    """Somebody who gave no name."""


class FamilyInformed(Part):
    """The family knows of the notice."""

    on: date | None = None
    views: Narrative | None = None


class FamilyNotInformed(Part):
    """The family does not know of the notice, and why."""

    reason: Literal["ADDS_RISK", "PREJUDICES_INVESTIGATION", "URGENT", "NOT_REACHED", "OTHER"]
    explanation: Narrative


class ChildConcern(Part):
    """Children at risk, reported to social services."""

    variants = (("officer", "caller", "anonymous_caller"), ("family_informed", "family_not_informed"))

    assessment: tuple[Assessment, ...]
    referred_by: PartyUri | None = None
    """Whom the outcome goes to, where that is not the force."""
    officer: Officer | None = None
    caller: Caller | None = None
    anonymous_caller: AnonymousCaller | None = None
    observed: Moment | None = None
    telephoned: Moment | None = None
    crime_suspected: bool
    family_informed: FamilyInformed | None = None
    family_not_informed: FamilyNotInformed | None = None


class ChildInvolved(Part):
    """One child of a household to which officers were called."""

    variants = (("heard", "not_heard"),)

    nominal_number: PoliceNumber
    involvement: Literal["PRESENT", "IN_THE_HOME", "NOT_PRESENT", "INJURED"]
    heard: Heard | None = None
    not_heard: NotHeard | None = None
    circumstances: Narrative


class DomesticAbuse(Part):
    """An incident, for the schools of the children (Operation Encompass)."""

    incident_time: Moment
    place: Line | None = None
    encompass_reference: PoliceNumber
    child_involved: tuple[ChildInvolved, ...]


class ChangeOfAddress(Part):
    """Officers learned that a child has moved."""

    nominal_number: PoliceNumber
    moved: date
    learned: Moment
    stay: Literal["TEMPORARY", "PERMANENT", "NOT_KNOWN"]
    likely_until: date | None = None
    destination: Literal["WALES", "ENGLAND", "SCOTLAND", "NORTHERN_IRELAND", "ABROAD", "NOT_KNOWN"]
    to_social_services: AuthorityId | None = None
    new_address: Address | None = None
    on_register: bool | None = None
    note: Narrative | None = None


class RegisterCheck(Part):
    """An officer asked whether a child's name is on the register."""

    nominal_number: PoliceNumber
    asked_by: Officer
    asked: Moment
    out_of_hours: bool
    identity_check: Literal["CALLED_BACK", "SMART_CARD", "KNOWN_IN_PERSON", "SYSTEM_LOGIN"]
    purpose: Literal["EMERGENCY_DEPARTMENT", "UNSCHEDULED_CARE", "POLICE_ATTENDANCE", "ASSESSMENT", "COURT", "OTHER"]
    answer: Literal["ON_THE_REGISTER", "WAS_ON_THE_REGISTER", "NOT_ON_THE_REGISTER"]
    note: Narrative | None = None


class Team(Part):
    """Whom to call about the notice."""

    name: Line
    telephone: Telephone
    out_of_hours_telephone: Telephone | None = None
    email: EmailAddress | None = None
    language: Language | None = None


class OtherReference(Part):
    """Another number of a force's, besides the occurrence's."""

    kind: Literal["OCCURRENCE", "URN", "PPN", "OTHER"]
    number: PoliceNumber
    force: AgencyId | None = None
    """Where it is not the notice's own."""


Body = ChildConcern | DomesticAbuse | ChangeOfAddress | RegisterCheck


class PublicProtectionNotice(Part):
    """One notice in one version."""

    variants = (("child_concern", "domestic_abuse", "change_of_address", "register_check"),)

    notice_reference: PoliceNumber
    notice_version: Annotated[int, Field(ge=1, le=9999)]
    force: AgencyId
    recorded: Moment
    occurrence_number: PoliceNumber
    hub_episode: Uuid | None = None
    """The `Episode` of a notification, where this notice goes on with it."""
    social_services: AuthorityId
    participant: tuple[PartyUri, ...] = ()
    do_not_tell: tuple[PartyUri, ...] = ()
    team: Team | None = None
    other_reference: tuple[OtherReference, ...] = ()
    subject: PoliceNumber
    """The nominal number of the child that the notice is filed under."""
    child: tuple[Child, ...]
    child_concern: ChildConcern | None = None
    domestic_abuse: DomesticAbuse | None = None
    change_of_address: ChangeOfAddress | None = None
    register_check: RegisterCheck | None = None

    @property
    def body(self) -> Body:
        """What the notice says of the children."""
        body = self.child_concern or self.domestic_abuse or self.change_of_address or self.register_check
        assert body is not None  # noqa: S101 - `variants` has seen to it
        return body
