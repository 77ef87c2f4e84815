"""Translates notifications into what is written at a FHIR server: a Communication, and a Flag for register status."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from adapters.health.mapping import MAPPING, OWN_CODES, FlagCode, gss_of
from adapters.health.person import patient_of
from adapters.health.prose import called, coded, prose, title
from adapters.health.r4 import check
from adapters.health.told import identifiers
from contracts.delivery import Delivery
from contracts.parties import agency_of

Act = Literal["raise", "change", "end"]

UNBORN: Final = MAPPING.flag.unborn_on_register.codings[0].partition("|")
_REGISTER = "wales.child-protection.register-changes."
_ACTS: Final[Mapping[str, Act]] = {
    f"{_REGISTER}registered.v1": "raise",
    f"{_REGISTER}temporarily-registered.v1": "raise",
    f"{_REGISTER}category-changed.v1": "change",
    f"{_REGISTER}removed.v1": "end",
}
_SINCE = {"raise": "registered_on", "change": "changed_on"}


@dataclass(frozen=True, slots=True)
class Whom:
    """A child that a notification is about, to be found among the server's patients."""

    nhs_number: str | None = field(repr=False)
    """The child's, or the mother's of an unborn child; None: the hub does not say."""
    unborn: bool
    patient: Mapping[str, Any] = field(repr=False)
    """The child as a contained Patient, for a person to match where no number does."""


@dataclass(frozen=True, slots=True)
class Native:
    """What is to be written at the server. The subjects are still open: they are looked for by NHS number."""

    children: tuple[Whom, ...]
    """The first is whom the notification is about."""
    communication: Mapping[str, Any] = field(repr=False)
    """All that is shown, to be read by people."""
    act: Act | None = None
    """What is done to Flags."""
    flag: Mapping[str, Any] | None = field(default=None, repr=False)
    """The Flag to raise or, for a change or an end, what is made where there is none."""

    def document(self) -> dict[str, Any]:
        """As JSON, for fixtures and people."""
        children = [
            {"nhs_number": child.nhs_number, "unborn": child.unborn, "patient": child.patient}
            for child in self.children
        ]
        return {"children": children, "communication": self.communication, "act": self.act, "flag": self.flag}


def to_native(delivery: Delivery) -> Native:
    """What a notification becomes; raises NotTranslated where it would not be R4."""
    data = delivery.data.model_dump(mode="json", exclude_none=True)
    children = tuple(_whom(child, number) for number, child in enumerate(_children(data, delivery.subject), start=1))
    communication = _communication(delivery, data, children)
    check(communication)
    act = _ACTS.get(delivery.type)
    if act is None:
        return Native(children, communication)
    flag = _flag(delivery, data, act, children)
    check(flag)
    return Native(children, communication, act, flag)


def _children(data: Mapping[str, Any], subject: str) -> list[Mapping[str, Any]]:
    """The children that are shown, the subject first; several are in a list."""
    shown = [item["child"] for item in [*data.get("children", []), data] if "child" in item]
    return sorted(shown, key=lambda child: child.get("reference") != subject)


def _whom(child: Mapping[str, Any], number: int) -> Whom:
    unborn = "expected_delivery" in child or "mother" in child
    nhs_number = (child.get("mother", {}) if unborn else child).get("nhs_number")
    return Whom(nhs_number, unborn, patient_of(child, f"child-{number}"))


def _flag(delivery: Delivery, data: Mapping[str, Any], act: Act, children: tuple[Whom, ...]) -> dict[str, Any]:
    categories = data.get("categories", [])
    code = _flag_code(delivery.type, unborn=any(child.unborn for child in children[:1]))
    flag: dict[str, Any] = {
        "resourceType": "Flag",
        "extension": [
            {
                "url": MAPPING.extensions.category,
                "valueCodeableConcept": {
                    "coding": [{"system": f"{OWN_CODES}categories", "code": category}],
                    "text": f"{coded(category, 'en')} / {coded(category, 'cy')}",
                },
            }
            for category in categories
        ],
        "identifier": identifiers(delivery),
        "status": "inactive" if act == "end" else "active",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/flag-category", "code": "safety"}]}],
        "code": {"coding": [_coding(written) for written in code.codings], "text": _flag_text(code, categories)},
        "subject": {"type": "Patient"},
        "period": {"end": data.get("removed_on")} if act == "end" else {"start": data.get(_SINCE[act])},
        "author": _party(delivery.source),
    }
    flag["period"] = {name: day for name, day in flag["period"].items() if day is not None}
    return {name: value for name, value in flag.items() if value not in ([], {})}


def _flag_code(type_name: str, *, unborn: bool) -> FlagCode:
    if unborn:
        return MAPPING.flag.unborn_on_register
    return (
        MAPPING.flag.temporarily_on_register
        if type_name == f"{_REGISTER}temporarily-registered.v1"
        else MAPPING.flag.on_register
    )


def _flag_text(code: FlagCode, categories: list[str]) -> str:
    en, cy = (", ".join(coded(category, language) for category in categories) for language in ("en", "cy"))
    return f"{code.text_en}{': ' * bool(en)}{en} / {code.text_cy}{': ' * bool(cy)}{cy}"


def _communication(delivery: Delivery, data: Mapping[str, Any], children: tuple[Whom, ...]) -> dict[str, Any]:
    references = [{"reference": f"#{child.patient['id']}"} for child in children]
    text = json.dumps(data, ensure_ascii=False)
    communication = {
        "resourceType": "Communication",
        "contained": [child.patient for child in children],
        "identifier": identifiers(delivery),
        "status": "completed",
        "category": [{"coding": [{"system": f"{OWN_CODES}message", "code": "notification"}]}],
        "subject": next(iter(references), None),
        "topic": {
            "coding": [{"system": f"{OWN_CODES}event-type", "code": delivery.type}],
            "text": f"{title(delivery.type, 'en')} / {title(delivery.type, 'cy')}",
        },
        "about": references[1:],
        "sent": delivery.time.isoformat(),
        "recipient": [_party(delivery.recipient)],
        "sender": _party(delivery.source),
        "payload": [
            {"contentString": prose(delivery.type, data, "en")},
            {"contentString": prose(delivery.type, data, "cy")},
            {
                "contentAttachment": {
                    "contentType": "application/json",
                    "data": base64.b64encode(text.encode()).decode(),
                    "title": f"urn:dolen:schema:{delivery.type}",
                }
            },
        ],
    }
    return {name: value for name, value in communication.items() if value not in (None, [])}


def _party(party: str) -> dict[str, Any]:
    """An organisation by the area's code where it is an authority, else by the hub's own id, and by both its names."""
    agency = agency_of(party)
    gss = gss_of(agency)
    identifier = (
        {"system": MAPPING.systems.gss[0], "value": gss}
        if gss is not None
        else {"system": MAPPING.systems.agency[0], "value": agency if party.startswith("/agencies/") else party}
    )
    names = dict.fromkeys((called(party, "en"), called(party, "cy")))
    return {"type": "Organization", "identifier": identifier, "display": " / ".join(names)}


def _coding(written: str) -> dict[str, str]:
    system, _, code = written.rpartition("|")
    return {"system": system, "code": code}
