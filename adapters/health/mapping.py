"""Decides which of the hub's words a system and code of FHIR stand for, by the mapping file beside it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from adapters.health.element import Element
from contracts.directory import Directory

OWN_CODES: Final = "urn:dolen:code:"
"""Before a field's name, the code system of its own words."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Systems(_Table):
    """Identifier systems; the first of each is written, all are understood."""

    nhs_number: list[str]
    ods: list[str]
    gss: list[str]
    agency: list[str]
    upn: list[str]
    authority_person: list[str]


class Message(_Table):
    """What a resource is to the hub."""

    name: str
    resource: list[str]
    codes: list[str]
    """`system|code`; the first is written."""
    form: str
    type: str
    """The event type that it becomes."""


class Extensions(_Table):
    """Urls of the extensions that are read or written."""

    ethnicity: str
    address_key: str
    interpreter: str
    language: str
    translation: str
    category: str


class FlagCode(_Table):
    """What one kind of Flag says."""

    codings: list[str]
    text_en: str
    text_cy: str


class Flags(_Table):
    """What Flags say."""

    on_register: FlagCode
    unborn_on_register: FlagCode
    temporarily_on_register: FlagCode


class Confidentiality(_Table):
    """How a patient who must not be found is marked."""

    system: str
    shielded: list[str]


class Text(_Table):
    """How text is read that states no language."""

    default_language: str


class Vocabulary(_Table):
    """The mapping file."""

    systems: Systems
    message: list[Message]
    said: dict[str, list[str]]
    not_yet: dict[str, list[str]]
    text: Text
    names: dict[str, str]
    sexes: dict[str, str]
    confidentiality: Confidentiality
    codes: Annotated[dict[str, dict[str, dict[str, str]]], Field(default_factory=dict)]
    extensions: Extensions
    address_key_types: dict[str, str]
    flag: Flags


def _load(path: Path) -> Vocabulary:
    return Vocabulary.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


MAPPING: Final = _load(Path(__file__).parent / "mapping.toml")


def message_of(resource: Element) -> Message | None:
    """What a resource is to the hub, by category or code; None: nothing that concerns it."""
    kind = resource.text("resourceType")
    named = {f"{system}|{code}" for name in ("category", "code") for system, code in resource.codings(name)}
    return next((one for one in MAPPING.message if kind in one.resource and named.intersection(one.codes)), None)


def categories_of(kind: str) -> list[str]:
    """The `system|code` of all messages that a kind of resource can be."""
    return [code for message in MAPPING.message if kind in message.resource for code in message.codes]


def word(field: str, coding: Element) -> str:
    """The hub's word for a coding of a field; raises NotTranslated where no system and code of it are known."""
    system, code = coding.text("system") or "", coding.text("code") or ""
    if system == OWN_CODES + field:
        return code
    found = MAPPING.codes.get(field, {}).get(system, {}).get(code)
    if found is None:
        raise coding.wrong(
            "unknown-code", remedy=f"use a code of {OWN_CODES}{field}, or add this one to the adapter's mapping file"
        )
    return found


def identified(holder: Element, systems: list[str]) -> str | None:
    """The value of the first identifier of these systems; one marked `old` is read past."""
    for identifier in holder.each("identifier"):
        if identifier.text("system") in systems and identifier.text("use") != "old":
            return identifier.text("value")
    return None


def authority(reference: Element) -> str | None:
    """The social services that a Reference names by GSS code or by an id of the hub's directory."""
    identifier = reference.child("identifier")
    if identifier is None:
        return None
    system, value = identifier.text("system"), identifier.text("value") or ""
    if system in MAPPING.systems.agency:
        return value
    if system in MAPPING.systems.gss:
        return _social_services().get(value)
    return None


def gss_of(agency: str) -> str | None:
    """The GSS code of an authority's social services."""
    return next((code for code, found in _social_services().items() if found == agency), None)


def _social_services() -> Mapping[str, str]:
    directory = Directory.packaged()
    return {directory.organisations[area.social_services].code: area.social_services for area in directory.areas}
