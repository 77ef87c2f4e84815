"""Decides what a FHIR Patient says of a child, or of the mother of an unborn child."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.health.element import Element
from adapters.health.mapping import MAPPING, identified, word

Fields = dict[str, Any]


def child_of(patient: Element, answered: Mapping[str, Any], *, reference: str) -> Fields:
    """`Child` of the contract: the Patient, and what the form says beside it."""
    said = {name: value for name, value in answered.items() if name not in ("patient", "pregnancy")}
    fields: Fields = {"reference": reference, **_shielded(patient), **_whereabouts(patient), **said}
    if "expected_delivery" in answered:
        name = next(_names(patient), None)
        if name is None:
            raise patient.wrong("no-name", "name", "name the mother of an unborn child")
        mother = {"name": name, "date_of_birth": patient.text("birthDate"), "nhs_number": _nhs_number(patient)}
        return fields | {"mother": _present(mother)}
    return fields | _present(
        {
            "names": list(_names(patient)),
            "date_of_birth": patient.text("birthDate"),
            "sex": _sex(patient),
            "nhs_number": _nhs_number(patient),
            "upn": identified(patient, MAPPING.systems.upn),
            "authority_person_id": _authority_person(patient),
        }
    )


def ethnicity(patient: Element) -> str | None:
    """The hub's word for the ethnic category, where the Patient has one."""
    extension = patient.extension(MAPPING.extensions.ethnicity)
    concept = extension.child("valueCodeableConcept") if extension is not None else None
    for coding in concept.each("coding") if concept is not None else ():
        return word("ethnicity", coding)
    return None


def practice(patient: Element) -> str | None:
    """ODS code of the general practice."""
    for reference in patient.each("generalPractitioner"):
        identifier = reference.child("identifier")
        if identifier is not None and identifier.text("system") in MAPPING.systems.ods:
            return identifier.text("value")
    return None


def _shielded(patient: Element) -> Fields:
    meta = patient.child("meta")
    marks = meta.each("security") if meta is not None else ()
    system, codes = MAPPING.confidentiality.system, MAPPING.confidentiality.shielded
    hidden = any(mark.text("system") == system and mark.text("code") in codes for mark in marks)
    return {"shielded": True} if hidden else {}


def _names(patient: Element) -> Iterator[Fields]:
    for name in patient.each("name"):
        use = name.text("use") or "official"
        if use == "anonymous":
            continue
        given, family = " ".join(name.texts("given")), name.text("family")
        if not given or not family:
            raise name.wrong(
                "half-a-name", remedy="write given and family, as they were given or as the child is known"
            )
        if use not in MAPPING.names:
            raise name.wrong("code-not-in-fhir-r4", "use", "use a code of FHIR R4's own list")
        yield {"given": given, "family": family, "use": MAPPING.names[use]}


def _nhs_number(patient: Element) -> str | None:
    return identified(patient, MAPPING.systems.nhs_number)


def _sex(patient: Element) -> str:
    return MAPPING.sexes[patient.text("gender") or "unknown"]


def _authority_person(patient: Element) -> Fields | None:
    for identifier in patient.each("identifier"):
        system, _, agency = (identifier.text("system") or "").rpartition(":")
        if system in MAPPING.systems.authority_person:
            return {"authority": agency, "number": identifier.text("value")}
    return None


def _whereabouts(patient: Element) -> Fields:
    """Addresses and languages: an unborn child's are its mother's."""
    fields: Fields = {}
    for address in patient.each("address"):
        use, period = address.text("use"), address.child("period")
        if use == "temp" and "temporary_address" not in fields:
            stay = {"since": period.text("start"), "likely_until": period.text("end")} if period is not None else {}
            fields["temporary_address"] = {"address": _address(address), **_present(stay)}
        elif use in (None, "home") and "home_address" not in fields:
            fields["home_address"] = _address(address)
    return fields | _language(patient)


def _address(address: Element) -> Fields:
    lines = [*address.texts("line"), *filter(None, (address.text(name) for name in ("city", "district")))]
    uprn = None
    for key in address.each("extension"):
        if key.text("url") == MAPPING.extensions.address_key:
            uprn = _uprn(key) or uprn
    return _present({"lines": lines, "postcode": address.text("postalCode"), "uprn": uprn})


def _uprn(key: Element) -> str | None:
    parts = {part.text("url"): part for part in key.each("extension")}
    kind = parts["type"].child("valueCoding") if "type" in parts else None
    if kind is None or "value" not in parts:
        return None
    written = f"{kind.text('system')}|{kind.text('code')}"
    return parts["value"].text("valueString") if written == MAPPING.address_key_types["uprn"] else None


def _language(patient: Element) -> Fields:
    spoken = [
        (code, bool(communication.flag("preferred")))
        for communication in patient.each("communication")
        for _, code in communication.codings("language")
    ]
    if not spoken:
        return {}
    wanted = {code.partition("-")[0] for code, preferred in spoken if preferred}
    preferred = "cy-and-en" if wanted >= {"cy", "en"} else next(iter(wanted & {"cy", "en"}), None)
    needed = patient.extension(MAPPING.extensions.interpreter)
    interpreter = needed is not None and needed.flag("valueBoolean") is True
    return {"language": _present({"first": spoken[0][0], "preferred": preferred, "interpreter_needed": interpreter})}


def _present(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None and value != []}
