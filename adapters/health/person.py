"""Decides how a child of the contract is written as a FHIR Patient: what `patient.py` reads back."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.health.mapping import MAPPING, OWN_CODES

Fields = dict[str, Any]

_USES = {hub: use for use, hub in reversed(MAPPING.names.items())}
_GENDERS = {hub: gender for gender, hub in MAPPING.sexes.items()}


def patient_of(child: Mapping[str, Any], name: str) -> Fields:
    """A Patient with the logical id `name`: the child, or the mother of an unborn child."""
    of_mother = "mother" in child
    person = child["mother"] if of_mother else child
    names = [person["name"]] if of_mother and "name" in person else child.get("names", [])
    patient: Fields = {
        "resourceType": "Patient",
        "id": name,
        "meta": _meta(child),
        "extension": list(_extensions(child)),
        "identifier": list(_identifiers(person)),
        "name": [_name(one) for one in names],
        "gender": None if of_mother else _GENDERS.get(child.get("sex", "")),
        "birthDate": person.get("date_of_birth"),
        "address": list(_addresses(child)),
        "communication": list(_communications(child)),
    }
    return {field: value for field, value in patient.items() if value not in (None, [], {})}


def _meta(child: Mapping[str, Any]) -> Fields:
    if not child.get("shielded"):
        return {}
    marks = MAPPING.confidentiality
    return {"security": [{"system": marks.system, "code": marks.shielded[0]}]}


def _extensions(child: Mapping[str, Any]) -> Iterator[Fields]:
    if "ethnicity" in child:
        coding = {"system": f"{OWN_CODES}ethnicity", "code": child["ethnicity"]}
        yield {"url": MAPPING.extensions.ethnicity, "valueCodeableConcept": {"coding": [coding]}}
    if child.get("language", {}).get("interpreter_needed"):
        yield {"url": MAPPING.extensions.interpreter, "valueBoolean": True}


def _identifiers(person: Mapping[str, Any]) -> Iterator[Fields]:
    if "nhs_number" in person:
        yield {"system": MAPPING.systems.nhs_number[0], "value": person["nhs_number"]}
    if "upn" in person:
        yield {"system": MAPPING.systems.upn[0], "value": person["upn"]}
    if "authority_person_id" in person:
        known = person["authority_person_id"]
        system = f"{MAPPING.systems.authority_person[0]}:{known['authority']}"
        yield {"system": system, "value": known["number"]}


def _name(name: Mapping[str, str]) -> Fields:
    use = _USES[name.get("use", "legal")]
    return {"use": use, "family": name["family"], "given": [name["given"]]}


def _addresses(child: Mapping[str, Any]) -> Iterator[Fields]:
    if "home_address" in child:
        yield {"use": "home", **_address(child["home_address"])}
    if "temporary_address" in child:
        stay = child["temporary_address"]
        period = {name: stay[field] for name, field in (("start", "since"), ("end", "likely_until")) if field in stay}
        yield {"use": "temp", **_address(stay["address"]), **({"period": period} if period else {})}


def _address(address: Mapping[str, Any]) -> Fields:
    written: Fields = {"line": list(address["lines"])}
    if "postcode" in address:
        written["postalCode"] = address["postcode"]
    if "uprn" in address:
        system, _, code = MAPPING.address_key_types["uprn"].rpartition("|")
        parts = [
            {"url": "type", "valueCoding": {"system": system, "code": code}},
            {"url": "value", "valueString": address["uprn"]},
        ]
        written["extension"] = [{"url": MAPPING.extensions.address_key, "extension": parts}]
    return written


def _communications(child: Mapping[str, Any]) -> Iterator[Fields]:
    language = child.get("language")
    if not language or "first" not in language:
        return
    first, preferred = language["first"], language.get("preferred")
    wanted = ["cy", "en"] if preferred == "cy-and-en" else [preferred] if preferred else []
    main = first.partition("-")[0]
    yield _spoken(first, preferred=main in wanted)
    for other in wanted:
        if other != main:
            yield _spoken(other, preferred=True)


def _spoken(tag: str, *, preferred: bool) -> Fields:
    spoken: Fields = {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": tag}]}}
    return spoken | ({"preferred": True} if preferred else {})
