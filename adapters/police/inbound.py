"""Decides what a public protection notice says to the hub: a report, an incident, a move, a question to the register.

Police words become the contracts' words here and nowhere else. What a notice does not say is left out, never guessed.
"""

from datetime import date, datetime
from typing import Any

from adapters.police.notice import (
    Address,
    Assessment,
    ChangeOfAddress,
    Child,
    ChildConcern,
    ChildInvolved,
    DomesticAbuse,
    HouseholdMember,
    Name,
    Narrative,
    Officer,
    OtherReference,
    PublicProtectionNotice,
    RegisterCheck,
    Sibling,
    Team,
)
from adapters.police.reasons import NotTaken, Reason
from adapters.sdk.declaration import Draft
from adapters.sdk.pseudonyms import Pseudonyms
from contracts.parties import agency_uri

REFERRAL = "wales.child-protection.referrals.submitted.v1"
INCIDENT = "wales.child-protection.notices.domestic-abuse-incident.v1"
MOVE = "wales.child-protection.circumstances.child-moved.v1"
ENQUIRY = "wales.child-protection.register-changes.enquiry-made.v1"

Data = dict[str, Any]

SEX = {"F": "female", "M": "male", "X": "indeterminate", "U": "not-known"}
CATEGORY = {
    "PHYSICAL": "physical",
    "SEXUAL": "sexual",
    "EMOTIONAL": "emotional-psychological",
    "FINANCIAL": "financial",
    "NEGLECT": "neglect",
}
REFERENCE = {"OCCURRENCE": "occurrence", "URN": "urn", "PPN": "public-protection-notification", "OTHER": "other"}
ETHNICITY = {"A": "asian", "B": "black", "M": "mixed", "W": "white", "O": "other", "N": "not-known"}
"""By the first letter of the 18+1 code; W3 is Gypsy or Irish Traveller."""


def to_event(notice: PublicProtectionNotice, pseudonyms: Pseudonyms) -> Draft:
    """The event that a notice says; raises NotTaken."""
    if notice.force != pseudonyms.agency:
        raise NotTaken(Reason.ANOTHER_FORCE, "Force")
    known = _Children(notice, pseudonyms)
    body = notice.body
    match body:
        case ChildConcern():
            kind, said = REFERRAL, _concern(notice, body, known)
        case DomesticAbuse():
            kind, said = INCIDENT, _incident(notice, body, known)
        case ChangeOfAddress():
            kind, said = MOVE, _move(body, known)
        case RegisterCheck():
            kind, said = ENQUIRY, _check(notice, body, known)
    known.check_all_spoken_of()
    return Draft(
        type=kind,
        reference=reference_of(notice),
        subject=known.reference(notice.subject, "Subject"),
        correlationid=notice.hub_episode or pseudonyms.episode(notice.occurrence_number),
        time=notice.recorded,
        data=_filled(
            responsible_authority=notice.social_services,
            participants=list(notice.participant),
            conflicts_of_interest=list(notice.do_not_tell),
            contact=_team(notice.team),
            **said,
        ),
    )


def reference_of(notice: PublicProtectionNotice) -> str:
    """What names a notice, whatever its file is called: a new version is an event of its own."""
    return f"{notice.notice_reference}/{notice.notice_version}"


class _Children:
    """The children that a notice lists: each is spoken of once, so that none is lost."""

    def __init__(self, notice: PublicProtectionNotice, pseudonyms: Pseudonyms) -> None:
        self._listed = {child.nominal_number: child for child in notice.child}
        if len(self._listed) != len(notice.child):
            raise NotTaken(Reason.CHILD_TWICE, "Child")
        self._order = [child.nominal_number for child in notice.child]
        self._pseudonyms = pseudonyms
        self._spoken: set[str] = set()

    def reference(self, nominal: str, path: str) -> str:
        if nominal not in self._listed:
            raise NotTaken(Reason.CHILD_NOT_LISTED, path)
        return self._pseudonyms.child(nominal)

    def child(self, nominal: str, path: str) -> Data:
        reference = self.reference(nominal, path)
        if nominal in self._spoken:
            raise NotTaken(Reason.CHILD_TWICE, path)
        self._spoken.add(nominal)
        return _child(self._listed[nominal], reference)

    def check_all_spoken_of(self) -> None:
        left_out = [f"Child[{at}]" for at, nominal in enumerate(self._order, 1) if nominal not in self._spoken]
        if left_out:
            raise NotTaken(Reason.CHILD_LEFT_OUT, *left_out)


def _concern(notice: PublicProtectionNotice, body: ChildConcern, known: _Children) -> Data:
    return _filled(
        children=[
            _assessed(item, known.child(item.nominal_number, f"ChildConcern/Assessment[{at}]/NominalNumber"))
            for at, item in enumerate(body.assessment, 1)
        ],
        referrer=body.referred_by or agency_uri(notice.force),
        reporter=_reporter(body),
        observed_at=_moment(body.observed),
        telephoned_at=_moment(body.telephoned),
        possible_crime=body.crime_suspected,
        police_references=_references(notice),
        family_informed=_family(body),
    )


def _assessed(item: Assessment, child: Data) -> Data:
    return _filled(
        child=child,
        suspected_categories=[CATEGORY[category] for category in item.category],
        harm=_word(item.harm),
        immediate_danger=item.immediate_danger,
        concern=_statement(item.concern),
        child_voice=_voice(item),
        health=_filled(
            gp_practice=item.gp_practice,
            needs=_statement(item.health_needs),
            injuries_seen=_statement(item.injuries_seen),
        )
        or None,
        ethnicity=_ethnicity(item.ethnicity),
        household=[_member(member) for member in item.household],
        siblings=[_sibling(sibling) for sibling in item.sibling],
    )


def _incident(notice: PublicProtectionNotice, body: DomesticAbuse, known: _Children) -> Data:
    return _filled(
        children=[
            {
                "child": known.child(item.nominal_number, f"DomesticAbuse/ChildInvolved[{at}]/NominalNumber"),
                "involvement": _word(item.involvement),
                "child_voice": _voice(item),
                "circumstances": _statement(item.circumstances),
            }
            for at, item in enumerate(body.child_involved, 1)
        ],
        incident_at=_moment(body.incident_time),
        place=body.place,
        encompass_reference=body.encompass_reference,
        police_references=_references(notice),
        handling="be-aware-do-not-raise",
    )


def _move(body: ChangeOfAddress, known: _Children) -> Data:
    return _filled(
        child=known.child(body.nominal_number, "ChangeOfAddress/NominalNumber"),
        moved_on=_day(body.moved),
        learned_at=_moment(body.learned),
        stay=_word(body.stay),
        likely_until=_day(body.likely_until),
        destination=_word(body.destination),
        to_authority=body.to_social_services,
        new_address=_address(body.new_address),
        on_the_register=body.on_register,
        note=_statement(body.note),
    )


def _check(notice: PublicProtectionNotice, body: RegisterCheck, known: _Children) -> Data:
    return _filled(
        child=known.child(body.nominal_number, "RegisterCheck/NominalNumber"),
        enquirer=agency_uri(notice.force),
        asked_by=_practitioner(body.asked_by),
        asked_at=_moment(body.asked),
        out_of_hours=body.out_of_hours,
        identity_checked=_word(body.identity_check),
        purpose=_word(body.purpose),
        answer=_word(body.answer),
        note=_statement(body.note),
    )


def _child(child: Child, reference: str) -> Data:
    education, temporary, language, mother = child.education, child.temporary_address, child.language, child.mother
    number = child.social_services_number
    return _filled(
        reference=reference,
        shielded=child.address_protected,
        authority_person_id=number and {"authority": number.social_services, "number": number.number},
        names=[_name(name) for name in child.name],
        date_of_birth=_day(child.date_of_birth),
        date_of_birth_estimated=child.date_of_birth_estimated,
        expected_delivery=_day(child.expected_delivery),
        sex=SEX[child.sex],
        mother=mother
        and _filled(name=_name(mother.name), date_of_birth=_day(mother.date_of_birth), nhs_number=mother.nhs_number),
        nhs_number=child.nhs_number,
        upn=child.upn,
        education=education
        and _filled(status=_word(education.status), school=education.school, year_group=education.year_group),
        home_address=_address(child.home_address),
        temporary_address=temporary
        and _filled(
            address=_address(temporary.address),
            since=_day(temporary.since),
            likely_until=_day(temporary.likely_until),
        ),
        language=language
        and _filled(
            first=language.first,
            preferred=language.preferred and _word(language.preferred),
            interpreter_needed=language.interpreter_needed,
        ),
    )


def _voice(item: Assessment | ChildInvolved) -> Data:
    if item.heard is not None:
        return {"status": "captured", **item.heard.model_dump()}
    missing = item.not_heard
    assert missing is not None  # noqa: S101 - `variants` has seen to it
    return _filled(
        status="not-captured",
        reason=_word(missing.reason),
        explanation=_statement(missing.explanation),
        next_attempt=_day(missing.next_attempt),
    )


def _reporter(body: ChildConcern) -> Data:
    if body.officer is not None:
        practitioner = _practitioner(body.officer)
        return _filled(kind="practitioner", practitioner=practitioner, organisation=body.officer.organisation)
    if body.caller is not None:
        return _filled(kind=_word(body.caller.kind), name=body.caller.name, telephone=body.caller.telephone)
    return {"kind": "anonymous"}


def _family(body: ChildConcern) -> Data:
    if body.family_informed is not None:
        told = body.family_informed
        return _filled(informed="yes", informed_on=_day(told.on), views=_statement(told.views))
    untold = body.family_not_informed
    assert untold is not None  # noqa: S101 - `variants` has seen to it
    return {"informed": "no", "reason": _word(untold.reason), "explanation": _statement(untold.explanation)}


def _references(notice: PublicProtectionNotice) -> list[Data]:
    """The occurrence first, under which the force finds it all."""
    occurrence = OtherReference(kind="OCCURRENCE", number=notice.occurrence_number)
    return [
        {"force": one.force or notice.force, "kind": REFERENCE[one.kind], "number": one.number}
        for one in (occurrence, *notice.other_reference)
    ]


def _team(team: Team | None) -> Data | None:
    if team is None:
        return None
    return _filled(
        team=team.name,
        telephone=team.telephone,
        out_of_hours_telephone=team.out_of_hours_telephone,
        email=team.email,
        language=team.language,
    )


def _practitioner(officer: Officer) -> Data:
    return _filled(name=officer.name, role=officer.role, telephone=officer.telephone, email=officer.email)


def _member(member: HouseholdMember) -> Data:
    return _filled(
        name=_name(member.name),
        relationship=_word(member.relationship),
        parental_responsibility=member.parental_responsibility,
        same_household=member.same_household,
        date_of_birth=_day(member.date_of_birth),
    )


def _sibling(sibling: Sibling) -> Data:
    return _filled(
        name=_name(sibling.name),
        date_of_birth=_day(sibling.date_of_birth),
        school=sibling.school,
        same_household=sibling.same_household,
    )


def _name(name: Name) -> Data:
    return {"given": name.forename, "family": name.surname, "use": _word(name.use)}


def _address(address: Address | None) -> Data | None:
    if address is None:
        return None
    return _filled(lines=list(address.line), postcode=address.postcode, uprn=address.uprn)


def _statement(narrative: Narrative | None) -> Data | None:
    return None if narrative is None else {"text": narrative.text, "language": narrative.language}


def _ethnicity(code: str | None) -> str | None:
    if code is None:
        return None
    return "gypsy-or-traveller" if code == "W3" else ETHNICITY[code[0]]


def _word(code: str) -> str:
    """A code of the force's in the contracts' spelling: `IN_THE_HOME` is `in-the-home`."""
    return code.lower().replace("_", "-")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _filled(**fields: object) -> Data:
    """What is there: the contracts tell "left out" and "empty" apart in no field that a notice has."""
    return {name: value for name, value in fields.items() if value is not None and value != []}
