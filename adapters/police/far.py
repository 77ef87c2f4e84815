"""The force's own side, for the demonstration and the tests: writes the notice that an event would have come from."""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, cast
from xml.etree.ElementTree import Element, SubElement

import orjson

from adapters.police.inbound import CATEGORY, ENQUIRY, INCIDENT, MOVE, REFERENCE, REFERRAL, SEX
from adapters.police.native import NAMESPACE, ROOT
from adapters.police.notice import Part, PublicProtectionNotice
from adapters.police.written import document, element, text_of
from contracts.base import Contract
from contracts.parties import agency_of, agency_uri
from contracts.registry import REGISTRY

Data = dict[str, Any]

_OWN_REFERENCE = re.compile(r"([A-Z0-9][A-Z0-9/-]{0,31})/([0-9]{1,4})")
_SEX = {ours: theirs for theirs, ours in SEX.items()}
_CATEGORY = {ours: theirs for theirs, ours in CATEGORY.items()}
_REFERENCE = {ours: theirs for theirs, ours in REFERENCE.items()}
_ETHNICITY = {
    "asian": "A9", "black": "B9", "mixed": "M9", "white": "W1", "gypsy-or-traveller": "W3", "other": "O9",
    "not-known": "NS",
}  # fmt: skip


class NotOfAForce(ValueError):
    """The event is not one that a police records system would say."""


def record(event: Mapping[str, Any]) -> tuple[str, bytes]:
    """Name and content of the file that says what an event says, given as JSON; raises NotOfAForce."""
    notice = notice_of(event)
    return f"{notice.notice_reference}-{notice.notice_version}.xml", xml_of(notice)


def xml_of(notice: PublicProtectionNotice) -> bytes:
    """A notice as the systems that export XML write it."""
    root = element(ROOT, namespace=NAMESPACE)
    _write(root, notice)
    return document(root)


def json_of(notice: PublicProtectionNotice) -> bytes:
    """A notice as the systems that export JSON write it."""
    return notice.model_dump_json(by_alias=True, exclude_none=True, indent=2).encode() + b"\n"


def nominal_number(reference: str) -> str:
    """The force's number of a child whom an event calls by a UUID."""
    return f"N{_digits(reference, 14)}"


def notice_of(event: Mapping[str, Any], *, force: str = "south-wales-police") -> PublicProtectionNotice:
    """The record in the force's system that an event would have come from; `force` is whose, where it has no source."""
    write, kind = BODIES.get(event["type"]), REGISTRY.get(event["type"])
    if write is None or kind is None:
        raise NotOfAForce("type: no notice of a force's says this")
    said = cast("type[Contract]", kind.model.model_fields["data"].annotation)
    data = said.model_validate_json(orjson.dumps(event["data"])).model_dump(mode="json", exclude_none=True)
    force = agency_of(event["source"]) if event.get("source") else force
    episode = event["correlationid"]
    occurrence, *others = data.get("police_references") or [{"force": force, "kind": "occurrence"}]
    if (occurrence["force"], occurrence["kind"]) != (force, "occurrence"):
        raise NotOfAForce("police_references: the force's own occurrence comes first")
    record = {
        "NoticeReference": f"PPN-{_digits(str(event.get('reference') or event['id']), 16)}",
        "NoticeVersion": 1,
        "Force": force,
        "Recorded": event["time"],
        "OccurrenceNumber": occurrence.get("number") or _digits(episode, 10),
        "HubEpisode": episode,
        "SocialServices": data["responsible_authority"],
        "Participant": data.get("participants", []),
        "DoNotTell": data.get("conflicts_of_interest", []),
        "Team": _renamed(data.get("contact"), team="Name"),
        "OtherReference": [{**_renamed(one), "Kind": _REFERENCE[one["kind"]]} for one in others],
        "Subject": nominal_number(event["subject"]),
        "Child": [_child(item["child"]) for item in data.get("children", [data])],
        **write(data, agency_uri(force)),
    }
    return PublicProtectionNotice.model_validate_json(orjson.dumps(_filled(record)))


def _reference(event: Mapping[str, Any]) -> Data:
    """A draft's own where it is a notice's; else one made of it or of the event's id."""
    name = str(event.get("reference") or event["id"])
    own = _OWN_REFERENCE.fullmatch(name)
    return {
        "NoticeReference": own[1] if own else f"PPN-{_digits(name, 16)}",
        "NoticeVersion": int(own[2]) if own else 1,
    }


def _concern(data: Data, force: str) -> Data:
    reporter, family = data["reporter"], data["family_informed"]
    referrer = data["referrer"]
    body = {
        "Assessment": [_assessment(item) for item in data["children"]],
        "ReferredBy": referrer if referrer != force else None,
        **_reporter(reporter),
        "Observed": data.get("observed_at"),
        "Telephoned": data.get("telephoned_at"),
        "CrimeSuspected": data["possible_crime"],
    }
    if family["informed"] == "yes":
        body["FamilyInformed"] = {"On": family.get("informed_on"), "Views": _narrative(family.get("views"))}
    else:
        body["FamilyNotInformed"] = _explained(family)
    return {"ChildConcern": body}


def _assessment(item: Data) -> Data:
    health = item.get("health", {})
    return {
        "NominalNumber": nominal_number(item["child"]["reference"]),
        "Category": [_CATEGORY[category] for category in item["suspected_categories"]],
        "Harm": _code(item["harm"]),
        "ImmediateDanger": item["immediate_danger"],
        "Concern": _narrative(item["concern"]),
        **_voice(item["child_voice"]),
        "GpPractice": health.get("gp_practice"),
        "HealthNeeds": _narrative(health.get("needs")),
        "InjuriesSeen": _narrative(health.get("injuries_seen")),
        "Ethnicity": _ETHNICITY[item["ethnicity"]],
        "Household": [
            {**_renamed(one), "Name": _name(one["name"]), "Relationship": _code(one["relationship"])}
            for one in item["household"]
        ],
        "Sibling": [{**_renamed(one), "Name": _name(one["name"])} for one in item["siblings"]],
    }


def _incident(data: Data, _: str) -> Data:
    involved = [
        {
            "NominalNumber": nominal_number(item["child"]["reference"]),
            "Involvement": _code(item["involvement"]),
            **_voice(item["child_voice"]),
            "Circumstances": _narrative(item["circumstances"]),
        }
        for item in data["children"]
    ]
    return {
        "DomesticAbuse": {
            "IncidentTime": data["incident_at"],
            "Place": data.get("place"),
            "EncompassReference": data["encompass_reference"],
            "ChildInvolved": involved,
        }
    }


def _move(data: Data, _: str) -> Data:
    return {
        "ChangeOfAddress": {
            "NominalNumber": nominal_number(data["child"]["reference"]),
            "Moved": data["moved_on"],
            "Learned": data["learned_at"],
            "Stay": _code(data["stay"]),
            "LikelyUntil": data.get("likely_until"),
            "Destination": _code(data["destination"]),
            "ToSocialServices": data.get("to_authority"),
            "NewAddress": _address(data.get("new_address")),
            "OnRegister": data.get("on_the_register"),
            "Note": _narrative(data.get("note")),
        }
    }


def _check(data: Data, force: str) -> Data:
    if data["enquirer"] != force:
        raise NotOfAForce("enquirer: a force writes down what its own officers asked")
    return {
        "RegisterCheck": {
            "NominalNumber": nominal_number(data["child"]["reference"]),
            "AskedBy": _renamed(data["asked_by"]),
            "Asked": data["asked_at"],
            "OutOfHours": data["out_of_hours"],
            "IdentityCheck": _code(data["identity_checked"]),
            "Purpose": _code(data["purpose"]),
            "Answer": _code(data["answer"]),
            "Note": _narrative(data.get("note")),
        }
    }


BODIES: dict[str, Callable[[Data, str], Data]] = {
    REFERRAL: _concern,
    INCIDENT: _incident,
    MOVE: _move,
    ENQUIRY: _check,
}


def _child(child: Data) -> Data:
    mother, education, language = child.get("mother"), child.get("education"), child.get("language")
    number, temporary = child.get("authority_person_id"), child.get("temporary_address")
    return {
        "NominalNumber": nominal_number(child["reference"]),
        "AddressProtected": child["shielded"],
        "SocialServicesNumber": _renamed(number, authority="SocialServices"),
        "Name": [_name(name) for name in child["names"]],
        "DateOfBirth": child.get("date_of_birth"),
        "DateOfBirthEstimated": child["date_of_birth_estimated"],
        "ExpectedDelivery": child.get("expected_delivery"),
        "Sex": _SEX[child["sex"]],
        "Mother": mother and {**_renamed(mother), "Name": _name(mother["name"])},
        "NhsNumber": child.get("nhs_number"),
        "Upn": child.get("upn"),
        "Education": education and {**_renamed(education), "Status": _code(education["status"])},
        "HomeAddress": _address(child.get("home_address")),
        "TemporaryAddress": temporary and {**_renamed(temporary), "Address": _address(temporary["address"])},
        "Language": language
        and {**_renamed(language), "Preferred": _code(language["preferred"]) if "preferred" in language else None},
    }


def _reporter(reporter: Data) -> Data:
    if reporter["kind"] == "practitioner":
        return {"Officer": {**_renamed(reporter["practitioner"]), "Organisation": reporter.get("organisation")}}
    if reporter["kind"] == "anonymous":
        return {"AnonymousCaller": {}}
    return {"Caller": {**_renamed(reporter), "Kind": _code(reporter["kind"])}}


def _voice(voice: Data) -> Data:
    if voice["status"] == "captured":
        return {"Heard": _renamed({name: value for name, value in voice.items() if name != "status"})}
    return {"NotHeard": {**_explained(voice), "NextAttempt": voice.get("next_attempt")}}


def _explained(part: Data) -> Data:
    return {"Reason": _code(part["reason"]), "Explanation": _narrative(part["explanation"])}


def _narrative(statement: Data | None) -> Data | None:
    return statement and {"language": statement["language"], "Text": statement["text"]}


def _name(name: Data) -> Data:
    return {"use": _code(name["use"]), "Forename": name["given"], "Surname": name["family"]}


def _address(address: Data | None) -> Data | None:
    return _renamed(address, lines="Line")


def _renamed(part: Data | None, **names: str) -> Data:
    """The same values under the elements' names, which are the fields' own in Pascal case but for those given."""
    if part is None:
        return {}
    return {names.get(name) or name.title().replace("_", ""): value for name, value in part.items()}


def _code(word: str) -> str:
    return word.upper().replace("-", "_")


def _digits(of: str, count: int) -> str:
    return f"{int(hashlib.sha256(of.encode()).hexdigest(), 16) % 10**count:0{count}}"


def _filled(record: Any) -> Any:
    """Without what is not there; an empty element stays only where its being there says something."""
    if isinstance(record, list):
        return [_filled(one) for one in record]
    if not isinstance(record, dict):
        return record
    kept = {name: _filled(value) for name, value in record.items()}
    says = ("AnonymousCaller", "FamilyInformed")
    return {name: value for name, value in kept.items() if value not in (None, [], {}) or name in says}


def _write(parent: Element, part: Part) -> None:
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        for one in value if isinstance(value, tuple) else (value,):
            if one is None:
                continue
            if name in part.attributes:
                parent.set(str(field.alias), text_of(one))
            elif name == "text":
                parent.text = text_of(one)
            elif isinstance(one, Part):
                _write(SubElement(parent, _element_name(name)), one)
            else:
                SubElement(parent, _element_name(name)).text = text_of(one)


def _element_name(field: str) -> str:
    return field.title().replace("_", "")
