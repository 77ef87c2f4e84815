"""Translates what a health board's FHIR server holds into events: reports, enquiries, moves, numbers, answers."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Literal, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from adapters.health.collected import Collected
from adapters.health.element import Element
from adapters.health.form import URL, answers
from adapters.health.mapping import MAPPING, Message, authority, message_of
from adapters.health.patient import child_of, ethnicity, practice
from adapters.health.r4 import check
from adapters.health.told import Told, told_in
from adapters.sdk.declaration import Draft, NotTranslated
from adapters.sdk.pseudonyms import Pseudonyms
from contracts.parties import agency_uri
from contracts.registry import REGISTRY

Standing = Literal["said", "not-yet", "closed"]

_WRITTEN = {"ServiceRequest": "authoredOn", "Communication": "sent"}
_BY = {"ServiceRequest": "requester", "Communication": "sender"}
_TO = {"ServiceRequest": "performer", "Communication": "recipient"}
_ANSWERED_AT = {"opened": "opened_at", "taken-on": "accepted_at", "declined": "refused_at"}


def to_event(record: Collected, pseudonyms: Pseudonyms) -> Draft:
    """The event that a record is; raises NotTranslated, as NotThere where a resource was not read with it."""
    check(record.focal)
    resource = record.root()
    message = message_of(resource)
    if message is None:
        raise resource.wrong("not-for-the-hub", "category", "give it a category of the adapter's mapping file")
    if standing(record.focal) != "said":
        raise resource.wrong("not-said", "status", "only what is in force is sent: see `said` in the mapping file")
    time = resource.moment(_WRITTEN[message_kind(resource)])
    if time is None:
        raise resource.wrong("no-time", _WRITTEN[message_kind(resource)], "say when it was written")
    if message.form == "answer":
        return _answer(record, message, time)
    return _about_children(record, message, time, pseudonyms)


def standing(focal: Mapping[str, Any]) -> Standing:
    """Whether a version of a resource is in force: said, not yet said, or said at most before."""
    kind, status = str(focal.get("resourceType")), focal.get("status")
    if status in MAPPING.said.get(kind, []):
        return "said"
    return "not-yet" if status in MAPPING.not_yet.get(kind, []) else "closed"


def message_kind(resource: Element) -> str:
    """The type of the focal resource."""
    return resource.text("resourceType") or ""


def _about_children(record: Collected, message: Message, time: datetime, pseudonyms: Pseudonyms) -> Draft:
    resource = record.root()
    form = _form(record, message)
    said = answers(form, message.form)
    owner = _authority(resource)
    if "children" in said:
        said["children"] = [_reported(record, item, form, pseudonyms) for item in said["children"]]
        children = [item["child"] for item in said["children"]]
    else:
        said["child"], _ = _child(record, said.get("child", {}), form, pseudonyms)
        children = [said["child"]]
    if not children:
        raise form.wrong("no-child", "item", "say whom it is about")
    _check_subject(record, form, message)
    data = {"responsible_authority": owner, **said, **_ADDED[message.name](record, said, pseudonyms)}
    data.pop("previous_record", None)
    return Draft(
        type=message.type,
        reference=record.reference,
        subject=children[0]["reference"],
        correlationid=pseudonyms.episode(_episode(record)),
        time=time,
        data=_kept(message, data, form),
    )


def _reported(record: Collected, item: dict[str, Any], form: Element, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """One child of a report: what the form says, with ethnicity and practice from the Patient."""
    child, patient = _child(record, item.get("child", {}), form, pseudonyms)
    found: dict[str, Any] = {**item, "child": child}
    if (known := ethnicity(patient)) is not None:
        found["ethnicity"] = known
    if (surgery := practice(patient)) is not None:
        found["health"] = {"gp_practice": surgery, **found.get("health", {})}
    if "immediate_danger" not in found and record.focal.get("priority") == "stat":
        found["immediate_danger"] = True
    return found


def _child(
    record: Collected, answered: Mapping[str, Any], form: Element, pseudonyms: Pseudonyms
) -> tuple[dict[str, Any], Element]:
    reference = answered.get("patient")
    if not isinstance(reference, Element):
        raise form.wrong("no-child", "item", "answer child.patient: the record of the child, or of its mother")
    literal, patient = record.resolved(reference)
    if message_kind(patient) != "Patient":
        raise reference.wrong("not-a-patient", remedy="refer to the Patient")
    key = _key(literal, patient, answered)
    return child_of(patient, answered, reference=pseudonyms.child(key)), patient


def _key(literal: str, patient: Element, answered: Mapping[str, Any]) -> str:
    """What names the child at the health board, for good: its record, or the pregnancy before it has one."""
    if "expected_delivery" in answered:
        number = answered.get("pregnancy")
        if number is None:
            raise patient.wrong("no-pregnancy", remedy="answer child.pregnancy: nothing else names an unborn child")
        return f"Pregnancy/{number}"
    if not literal:
        raise patient.wrong("contained-child", remedy="refer to the child's own record on the server")
    return literal


def _check_subject(record: Collected, form: Element, message: Message) -> None:
    """Refuse a form that is about others than the resource around it is."""
    resource = record.root()
    subject = resource.child("subject")
    if subject is None:
        raise resource.wrong("no-subject", "subject", "say whom it is about, as the form does")
    literal, found = record.resolved(subject)
    if message_kind(found) == "Group":
        members = {record.resolved(entity)[0] for m in found.each("member") if (entity := m.child("entity"))}
    else:
        members = {literal}
    asked = {record.resolved(patient)[0] for patient in _patients(form, message)}
    if members != asked:
        raise subject.wrong("another-subject", remedy="subject and form have to name the same children")


def _patients(form: Element, message: Message) -> list[Element]:
    said = answers(form, message.form)
    items = said.get("children", [said])
    return [item["child"]["patient"] for item in items]


def _form(record: Collected, message: Message) -> Element:
    """The QuestionnaireResponse that the resource carries or points to."""
    resource = record.root()
    pointers = [*resource.each("supportingInfo")]
    pointers += [found for part in resource.each("payload") if (found := part.child("contentReference")) is not None]
    for pointer in pointers:
        kind = (pointer.text("reference") or "").partition("/")[0]
        if not kind.startswith("#") and kind != "QuestionnaireResponse":
            continue
        _, found = record.resolved(pointer)
        asked = (found.text("questionnaire") or "").partition("|")[0] if found.has("questionnaire") else ""
        if asked == URL + message.form:
            return found
    raise resource.wrong("no-form", remedy=f"fill in {URL}{message.form} of the adapter's folder `forms`")


def _authority(resource: Element) -> str:
    kind = message_kind(resource)
    for reference in resource.each(_TO[kind]):
        found = authority(reference)
        if found is not None:
            return found
    raise resource.wrong(
        "no-authority", _TO[kind], "name the social services by identifier: the ONS code of the area, as W06000015"
    )


def _episode(record: Collected) -> str:
    """What names the episode: the requisition of the request, or the request; for a message the one it serves."""
    resource = record.root()
    if message_kind(resource) == "ServiceRequest":
        requisition = resource.child("requisition")
        return (requisition.text("value") if requisition is not None else None) or record.literal
    for served in resource.each("basedOn"):
        identifier = served.child("identifier")
        if identifier is not None:
            return identifier.text("value") or record.literal
        literal, found = record.resolved(served)
        requisition = found.child("requisition")
        return (requisition.text("value") if requisition is not None else None) or literal
    return record.literal


def _of_report(record: Collected, said: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, Any]:
    resource = record.root()
    added: dict[str, Any] = {"referrer": agency_uri(pseudonyms.agency)}
    if "reporter" not in said:
        practitioner, organisation = _practitioner(record)
        added["reporter"] = {"kind": "practitioner", "practitioner": practitioner}
        if organisation is not None:
            added["reporter"]["organisation"] = organisation
    if (observed := resource.text("occurrenceDateTime")) is not None:
        resource.moment("occurrenceDateTime")
        added["observed_at"] = observed
    return added


def _of_enquiry(record: Collected, said: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, Any]:
    practitioner, _ = _practitioner(record)
    added: dict[str, Any] = {"asked_by": practitioner}
    if "enquirer" not in said:
        added["enquirer"] = agency_uri(pseudonyms.agency)
    if "asked_at" not in said:
        added["asked_at"] = record.root().text("sent")
    return added


def _of_number(record: Collected, said: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, Any]:
    before = said.get("previous_record")
    return {} if before is None else {"previous_reference": pseudonyms.child(before)}


_ADDED = {
    "report": _of_report,
    "register-enquiry": _of_enquiry,
    "child-moved": lambda record, said, pseudonyms: {},
    "number-changed": _of_number,
}


def _practitioner(record: Collected) -> tuple[dict[str, Any], str | None]:
    """Who speaks, by role: `Practitioner` of the contract, and the organisation."""
    resource = record.root()
    name = _BY[message_kind(resource)]
    reference = resource.child(name)
    if reference is None:
        raise resource.wrong("nobody-speaks", name, "say who wrote it: a PractitionerRole with its Practitioner")
    _, role = record.resolved(reference)
    if message_kind(role) != "PractitionerRole":
        raise reference.wrong("not-a-role", remedy="refer to a PractitionerRole: people change, roles stay")
    person_at = role.child("practitioner")
    if person_at is None:
        raise role.wrong("nobody-speaks", "practitioner", "say who has the role")
    _, person = record.resolved(person_at)
    found: dict[str, Any] = {"name": _full_name(person), "role": _role(role)}
    for telecom in [*role.each("telecom"), *person.each("telecom")]:
        field = {"phone": "telephone", "email": "email"}.get(telecom.text("system") or "")
        if field is not None:
            found.setdefault(field, telecom.text("value"))
    organisation = role.child("organization")
    return found, organisation.text("display") if organisation is not None else None


def _full_name(person: Element) -> str | None:
    for name in person.each("name"):
        parts = [*name.texts("prefix"), *name.texts("given"), *filter(None, [name.text("family")])]
        return name.text("text") or " ".join(parts)
    return None


def _role(role: Element) -> str | None:
    for code in role.each("code"):
        displays = (coding.text("display") for coding in code.each("coding"))
        return code.text("text") or next(filter(None, displays), None)
    return None


def _answer(record: Collected, message: Message, time: datetime) -> Draft:
    """A person's answer to a notification: opened, taken on or declined."""
    resource = record.root()
    answered = _answered(record)
    said = answers(_form(record, message), message.form)
    wanted = {"opened": ("role",), "taken-on": ("role", "team"), "declined": ("reason", "explanation")}[message.name]
    data = {
        "delivery": answered.delivery,
        "original": {"source": answered.source, "id": answered.origin},
        "original_type": answered.type,
        _ANSWERED_AT[message.name]: said.get("answered_at") or resource.text("sent"),
        **{name: said[name] for name in wanted if name in said},
    }
    return Draft(
        type=message.type,
        reference=record.reference,
        subject=answered.subject,
        correlationid=answered.episode,
        time=time,
        data=_kept(message, data, resource),
    )


def _answered(record: Collected) -> Told:
    resource = record.root()
    for reference in [*resource.each("inResponseTo"), *resource.each("about")]:
        _, found = record.resolved(reference)
        told = told_in(found)
        if told is not None:
            return told
    raise resource.wrong("answers-nothing", "inResponseTo", "refer to the Communication or Flag that is answered")


def _kept(message: Message, data: dict[str, Any], at: Element) -> dict[str, Any]:
    """The same data, if it keeps the rules of its type; names the question that breaks one."""
    try:
        _data_of(message.type).model_validate_json(to_json(data))
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
        raise NotTranslated(
            re.sub(r"[^a-z0-9]+", "-", str(first["type"])),
            path=f"{at.path}: data{steps}",
            remedy="the answer of this name is missing or breaks a rule of its event type (contracts/schemas)",
        ) from None
    return data


@cache
def _data_of(type_name: str) -> type[BaseModel]:
    return cast("type[BaseModel]", REGISTRY[type_name].model.model_fields["data"].annotation)
