"""Every rule that a JSON Schema can't state, by its stable name, in Welsh and English, never with a value."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic_core import PydanticCustomError


class Rule(StrEnum):
    """Names never change their meaning; they stand in receipts and dead letters."""

    BORN_CHILD = "dolen_born_child"
    CATEGORIES = "dolen_categories"
    CATEGORY_TWICE = "dolen_category_twice"
    CHILD_TWICE = "dolen_child_twice"
    CONFERENCE_DECISION = "dolen_conference_decision"
    CONFLICT_TAKES_PART = "dolen_conflict_takes_part"
    CONSENSUS = "dolen_consensus"
    COORDINATOR = "dolen_coordinator"
    DESTINATION = "dolen_destination"
    DETERMINATION_1 = "dolen_determination_1"
    DETERMINATION_3 = "dolen_determination_3"
    DISSENT_REASONS = "dolen_dissent_reasons"
    EDUCATION = "dolen_education"
    EMPTY = "dolen_empty"
    FIRST_CORE_GROUP = "dolen_first_core_group"
    LATE_CONFERENCE = "dolen_late_conference"
    NEW_SCHOOL = "dolen_new_school"
    NHS_NUMBER = "dolen_nhs_number"
    NO_CHANGE = "dolen_no_change"
    NOT_AMONG_PARTICIPANTS = "dolen_not_among_participants"
    PLAN = "dolen_plan"
    PRE_BIRTH = "dolen_pre_birth"
    PROGRESS = "dolen_progress"
    QUORUM = "dolen_quorum"
    REMOVAL_CONFERENCE = "dolen_removal_conference"
    REMOVAL_VIEWS = "dolen_removal_views"
    SECTION_47 = "dolen_section_47"
    STAY = "dolen_stay"
    SUBJECT = "dolen_subject"
    UNBORN_CHILD = "dolen_unborn_child"
    UNBORN_CHILD_MOTHER = "dolen_unborn_child_mother"
    UPN = "dolen_upn"
    VARIANT = "dolen_variant"


def broken(rule: Rule) -> PydanticCustomError:
    """The error to raise in a model where a rule is broken."""
    return PydanticCustomError(rule.value, TEXTS[rule].en)


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a rule asks, in English and Welsh."""

    en: str
    cy: str


TEXTS: dict[Rule, RuleText] = {
    Rule.BORN_CHILD: RuleText(
        "a child has names and date_of_birth or, unborn, expected_delivery and mother, and not a mixture",
        "mae gan blentyn names a date_of_birth neu, cyn ei eni, expected_delivery a mother, ac nid cymysgedd",
    ),
    Rule.CATEGORIES: RuleText(
        "categories are given when the child's name is on the register, and only then",
        "rhoddir categories pan fo enw'r plentyn ar y gofrestr, a dim ond bryd hynny",
    ),
    Rule.CATEGORY_TWICE: RuleText("each category is given once", "rhoddir pob categori unwaith"),
    Rule.CHILD_TWICE: RuleText(
        "each child of an event has a reference of its own", "mae gan bob plentyn mewn digwyddiad ei reference ei hun"
    ),
    Rule.CONFERENCE_DECISION: RuleText(
        "a conference of this kind does not make one of these decisions",
        "nid yw cynhadledd o'r math hwn yn gwneud un o'r penderfyniadau hyn",
    ),
    Rule.CONFLICT_TAKES_PART: RuleText(
        "a party with a conflict of interest is not among the participants",
        "nid yw parti sydd â gwrthdaro buddiannau ymhlith y participants",
    ),
    Rule.CONSENSUS: RuleText(
        "without_consensus is true when an agency dissents, and only then",
        "mae without_consensus yn wir pan fo asiantaeth yn anghytuno, a dim ond bryd hynny",
    ),
    Rule.COORDINATOR: RuleText(
        "the coordinator is named, or senior_manager_told_at says when the senior manager learned that there is none",
        "enwir y coordinator, neu mae senior_manager_told_at yn dweud pryd y clywodd yr uwch reolwr nad oes un",
    ),
    Rule.DESTINATION: RuleText(
        "to_authority is given for a move within Wales, and only then",
        "rhoddir to_authority pan fo'r symud o fewn Cymru, a dim ond bryd hynny",
    ),
    Rule.DETERMINATION_1: RuleText("determination D1 is ratified by a manager", "cadarnheir dyfarniad D1 gan reolwr"),
    Rule.DETERMINATION_3: RuleText(
        "conference_due is given with determination D3, and with no other",
        "rhoddir conference_due gyda dyfarniad D3, a chyda dim un arall",
    ),
    Rule.DISSENT_REASONS: RuleText("an agency that dissents says why", "mae asiantaeth sy'n anghytuno yn dweud pam"),
    Rule.EDUCATION: RuleText(
        "a born child has an education, with the status unknown where nobody knows",
        "mae gan blentyn a anwyd education, gyda'r status unknown lle nad oes neb yn gwybod",
    ),
    Rule.EMPTY: RuleText("the list has at least one item", "mae o leiaf un eitem yn y rhestr"),
    Rule.FIRST_CORE_GROUP: RuleText(
        "a conference that registers sets first_core_group", "mae cynhadledd sy'n cofrestru yn pennu first_core_group"
    ),
    Rule.LATE_CONFERENCE: RuleText(
        "late_because is given for a date after last_lawful_date, and only then",
        "rhoddir late_because am ddyddiad ar ôl last_lawful_date, a dim ond bryd hynny",
    ),
    Rule.NEW_SCHOOL: RuleText(
        "child.education is the place after the change", "child.education yw'r lle ar ôl y newid"
    ),
    Rule.NHS_NUMBER: RuleText(
        "the check digit of the NHS number is wrong (modulus 11)",
        "mae digid gwirio'r rhif GIG yn anghywir (modwlws 11)",
    ),
    Rule.NO_CHANGE: RuleText(
        "what was before differs from what is now, and at least one of them is given",
        "mae'r hyn oedd cynt yn wahanol i'r hyn sydd nawr, a rhoddir o leiaf un ohonynt",
    ),
    Rule.NOT_AMONG_PARTICIPANTS: RuleText(
        "everyone who is named as taking part is among the participants",
        "mae pawb a enwir yn cymryd rhan ymhlith y participants",
    ),
    Rule.PLAN: RuleText(
        "a conference after which a name is on the register names the coordinator, the core_group and the next_review",
        "mae cynhadledd sy'n rhoi neu'n cadw enw ar y gofrestr yn enwi'r coordinator, y core_group a'r next_review",
    ),
    Rule.PRE_BIRTH: RuleText(
        "a pre-birth conference is about an unborn child",
        "mae cynhadledd cyn geni yn ymwneud â phlentyn heb ei eni",
    ),
    Rule.PROGRESS: RuleText(
        "a review says what progress each child's plan has made",
        "mae adolygiad yn dweud pa gynnydd a wnaeth cynllun pob plentyn",
    ),
    Rule.QUORUM: RuleText(
        "a strategy discussion has social services and police, or says why it departs from that",
        "mae trafodaeth strategaeth yn cynnwys y gwasanaethau cymdeithasol a'r heddlu, neu'n dweud pam nad yw",
    ),
    Rule.REMOVAL_CONFERENCE: RuleText(
        "a removal by review or transfer names its conference",
        "mae tynnu enw drwy adolygiad neu drosglwyddiad yn enwi ei gynhadledd",
    ),
    Rule.REMOVAL_VIEWS: RuleText(
        "a removal by review has agency_views and progress",
        "mae gan dynnu enw drwy adolygiad agency_views a progress",
    ),
    Rule.SECTION_47: RuleText(
        "enquiry is given when section_47 is true, and only then",
        "rhoddir enquiry pan fo section_47 yn wir, a dim ond bryd hynny",
    ),
    Rule.STAY: RuleText("a permanent move has no likely_until", "nid oes likely_until gan symud parhaol"),
    Rule.SUBJECT: RuleText(
        "subject is the reference of a child of this event",
        "subject yw reference plentyn yn y digwyddiad hwn",
    ),
    Rule.UNBORN_CHILD: RuleText(
        "an unborn child has no names, date_of_birth, nhs_number, upn or education",
        "nid oes gan blentyn heb ei eni names, date_of_birth, nhs_number, upn nac education",
    ),
    Rule.UNBORN_CHILD_MOTHER: RuleText(
        "an unborn child is known by the mother", "adwaenir plentyn heb ei eni drwy'r fam"
    ),
    Rule.UPN: RuleText(
        "the check letter of the UPN is wrong (modulus 23)", "mae llythyren wirio'r UPN yn anghywir (modwlws 23)"
    ),
    Rule.VARIANT: RuleText(
        "the field that says which variant this is has one of the values that the schema lists",
        "mae gan y maes sy'n dweud pa amrywiad yw hwn un o'r gwerthoedd y mae'r sgema yn eu rhestru",
    ),
}
