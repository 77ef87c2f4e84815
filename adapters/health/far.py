"""The far system's side: what a health board's FHIR server would hold, had its people said what an event says."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from adapters.health.form import URL, form, items
from adapters.health.mapping import MAPPING, OWN_CODES, gss_of
from adapters.health.person import patient_of
from adapters.health.told import CHILD, DELIVERY, EPISODE, EVENT, TYPE
from contracts.parties import agency_of

Fields = dict[str, Any]

_MESSAGES = {message.type: message for message in MAPPING.message}
_ANSWERED_AT = {"opened": "opened_at", "taken-on": "accepted_at", "declined": "refused_at"}


def record(event: Mapping[str, Any]) -> tuple[str, bytes]:
    """Name and bytes of the record that becomes this event: a searchset Bundle with the resource and its Patients."""
    focal, *others = resources(event)
    entries = [{"resource": focal, "search": {"mode": "match"}}]
    entries += [{"resource": other, "search": {"mode": "include"}} for other in others]
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return f"{focal['id']}.json", json.dumps(bundle, ensure_ascii=False, indent=2).encode()


def resources(event: Mapping[str, Any]) -> list[Fields]:
    """A ServiceRequest or Communication, and the resources that it refers to, in a first version."""
    event = _said(event)
    message = _MESSAGES[event["type"]]
    if message.form == "answer":
        return _answer(event)
    data = {**event["data"]}
    reported = "children" in data
    told = data["children"] if reported else [{"child": data["child"]}]
    patients = [_patient(item) for item in told]
    if reported:
        data["children"] = [{**_asked(item), "child": _child(item["child"])} for item in told]
    else:
        data["child"] = _child(data["child"])
    if "previous_reference" in data:
        data["previous_record"] = f"Patient/{data['previous_reference']}"
    focal = _report(event, data, patients) if message.name == "report" else _message(event, data, patients)
    return [_versioned(resource, event) for resource in (focal, *patients)]


def _said(value: Any) -> Any:
    """The same without what is null: FHIR leaves out what is not there."""
    if isinstance(value, dict):
        return {name: _said(part) for name, part in value.items() if part is not None}
    return [_said(part) for part in value] if isinstance(value, list) else value


def _report(event: Mapping[str, Any], data: Fields, patients: list[Fields]) -> Fields:
    group = _group(patients)
    contained = [_response(event, data), *_people(data.get("reporter", {}), data), *group]
    reporter = data.get("reporter", {})
    request: Fields = {
        "resourceType": "ServiceRequest",
        "id": _number(event),
        "contained": contained,
        "requisition": {"system": EPISODE, "value": event["correlationid"]},
        "status": "active",
        "intent": "order",
        "category": [_concept("message", "report")],
        "priority": "stat" if any(item.get("immediate_danger") for item in data["children"]) else "urgent",
        "subject": {"reference": "#children"} if group else {"reference": f"Patient/{patients[0]['id']}"},
        "authoredOn": event["time"],
        "performer": [_authority(data["responsible_authority"])],
        "supportingInfo": [{"reference": "#form"}],
    }
    if "observed_at" in data:
        request["occurrenceDateTime"] = data["observed_at"]
    if reporter.get("kind") == "practitioner":
        request["requester"] = {"reference": "#role"}
    return request


def _message(event: Mapping[str, Any], data: Fields, patients: list[Fields]) -> Fields:
    speaker = {"practitioner": data["asked_by"]} if "asked_by" in data else {}
    message = _MESSAGES[event["type"]]
    written: Fields = {
        "resourceType": "Communication",
        "id": _number(event),
        "contained": [_response(event, data), *_people({"kind": "practitioner", **speaker}, data)],
        "basedOn": [{"identifier": {"system": EPISODE, "value": event["correlationid"]}}],
        "status": "completed",
        "category": [_concept("message", message.name)],
        "subject": {"reference": f"Patient/{patients[0]['id']}"},
        "sent": event["time"],
        "recipient": [_authority(data["responsible_authority"])],
        "payload": [{"contentReference": {"reference": "#form"}}],
    }
    if speaker:
        written["sender"] = {"reference": "#role"}
    return written


def _answer(event: Mapping[str, Any]) -> list[Fields]:
    data, message = event["data"], _MESSAGES[event["type"]]
    at = data[_ANSWERED_AT[message.name]]
    answered = data if at == event["time"] else {**data, "answered_at": at}
    told = {
        "resourceType": "Communication",
        "id": data["delivery"],
        "identifier": [
            {"system": DELIVERY, "value": data["delivery"]},
            {"system": EVENT, "value": f"{data['original']['source']}#{data['original']['id']}"},
            {"system": CHILD, "value": event["subject"]},
            {"system": EPISODE, "value": event["correlationid"]},
            {"system": TYPE, "value": data["original_type"]},
        ],
        "status": "completed",
        "category": [_concept("message", "notification")],
    }
    answer = {
        "resourceType": "Communication",
        "id": _number(event),
        "contained": [_response(event, answered)],
        "inResponseTo": [{"reference": f"Communication/{data['delivery']}"}],
        "status": "completed",
        "category": [_concept("message", message.name)],
        "sent": event["time"],
        "payload": [{"contentReference": {"reference": "#form"}}],
    }
    return [_versioned(answer, event), _versioned(told, event)]


def _patient(item: Mapping[str, Any]) -> Fields:
    child = {**item["child"], **({"ethnicity": item["ethnicity"]} if "ethnicity" in item else {})}
    unborn = "expected_delivery" in child
    patient = patient_of(child, f"mother-of-{child['reference']}"[:64] if unborn else child["reference"])
    surgery = item.get("health", {}).get("gp_practice") if item.get("health") else None
    if surgery is not None:
        identifier = {"system": MAPPING.systems.ods[0], "value": surgery}
        patient["generalPractitioner"] = [{"type": "Organization", "identifier": identifier}]
    return patient


def _child(child: Mapping[str, Any]) -> Fields:
    """What the form says of a child beside the Patient."""
    names = ("date_of_birth_estimated", "expected_delivery", "education")
    asked: Fields = {name: child[name] for name in names if child.get(name) not in (None, False)}
    reference = child["reference"]
    if "expected_delivery" in child:
        asked |= {"pregnancy": reference, "sex": child.get("sex")}
        return {"patient": {"reference": f"Patient/mother-of-{reference}"}, **asked}
    return {"patient": {"reference": f"Patient/{reference}"}, **asked}


def _asked(item: Mapping[str, Any]) -> Fields:
    health = {name: value for name, value in (item.get("health") or {}).items() if name != "gp_practice"}
    return {**item, "health": health or None}


def _response(event: Mapping[str, Any], data: Fields) -> Fields:
    """The form as it was filled in; what stands elsewhere in the resource is not in it twice."""
    name = _MESSAGES[event["type"]].form
    questions = form(name)
    said = {field: value for field, value in data.items() if field in questions}
    if said.get("reporter", {}).get("kind") == "practitioner":
        del said["reporter"]
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "form",
        "questionnaire": f"{URL}{name}|1",
        "status": "completed",
        "authored": event["time"],
        "item": items(said, name),
    }


def _people(reporter: Mapping[str, Any], data: Fields) -> Iterator[Fields]:
    """The practitioner who speaks, and the role: people change, roles stay."""
    if reporter.get("kind") != "practitioner" or "practitioner" not in reporter:
        return
    person = reporter["practitioner"]
    systems = (("phone", "telephone"), ("email", "email"))
    telecom = [{"system": system, "value": person[field]} for system, field in systems if field in person]
    yield {"resourceType": "Practitioner", "id": "practitioner", "name": [{"text": person["name"]}]}
    role: Fields = {
        "resourceType": "PractitionerRole",
        "id": "role",
        "practitioner": {"reference": "#practitioner"},
        "code": [{"text": person["role"]}],
    }
    if telecom:
        role["telecom"] = telecom
    if "organisation" in reporter:
        role["organization"] = {"display": reporter["organisation"]}
    yield role


def _group(patients: list[Fields]) -> list[Fields]:
    if len(patients) == 1:
        return []
    members = [{"entity": {"reference": f"Patient/{patient['id']}"}} for patient in patients]
    return [{"resourceType": "Group", "id": "children", "type": "person", "actual": True, "member": members}]


def _authority(agency: str) -> Fields:
    gss = gss_of(agency)
    system = MAPPING.systems.gss if gss is not None else MAPPING.systems.agency
    return {"type": "Organization", "identifier": {"system": system[0], "value": gss or agency_of(agency)}}


def _number(event: Mapping[str, Any]) -> str:
    """The server's id of the resource: the event's, or for a draft, which has none, one made from what it says."""
    written = json.dumps(event, sort_keys=True, default=str).encode()
    return str(event.get("id") or hashlib.sha256(written).hexdigest()[:32])


def _concept(field: str, code: str) -> Fields:
    return {"coding": [{"system": OWN_CODES + field, "code": code}]}


def _versioned(resource: Fields, event: Mapping[str, Any]) -> Fields:
    meta = {**resource.get("meta", {}), "versionId": "1", "lastUpdated": event["time"]}
    return {"resourceType": resource["resourceType"], "id": resource["id"], "meta": meta, **{
        name: value for name, value in resource.items() if name not in ("resourceType", "id", "meta")
    }}  # fmt: skip
