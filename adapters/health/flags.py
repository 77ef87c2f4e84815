"""Decides how a child's register status is kept at the server: raised once, changed in place, ended, never doubled."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from adapters.health.client import FhirClient, Versioned
from adapters.health.element import Element
from adapters.health.outbound import UNBORN, Native
from adapters.health.patients import resources
from adapters.health.told import CHILD, DELIVERY, EVENT, told_in
from adapters.sdk.outcome import Delivered, Outcome, Refused, Retry
from contracts.delivery import Delivery

TRIES = 3
"""How often a Flag is read and put again that others change meanwhile; then the inbox waits."""


async def apply(client: FhirClient, native: Native, delivery: Delivery, patient: str | None) -> Outcome:
    """Do to the server's Flags what the notification says; done again, it changes nothing."""
    for _ in range(TRIES):
        flags = [] if native.act == "raise" else await _of_entry(client, delivery, patient, native)
        if patient is None and not (native.act == "end" and flags):
            return Refused("child-not-identified")
        if await _all_put(client, native, delivery, patient, flags):
            return Delivered()
    return Retry("changed-meanwhile")


async def _all_put(
    client: FhirClient, native: Native, delivery: Delivery, patient: str | None, flags: list[Versioned]
) -> bool:
    kept = False
    for held in flags:
        mine = _subject(held) == patient
        kept = kept or native.act == "end" or mine
        if _has(held, DELIVERY, delivery.id):
            continue
        if native.act == "end":
            changed = _ended(_marked(held, delivery), native)
        elif mine:
            changed = _changed(_marked(held, delivery), native)
        else:
            # On the mother's record, of a child who is born meanwhile. Not marked: the child's own Flag is still to
            # be made, unless there is one with this notification's id.
            changed = _ended(_copied(held), native)
        if not await client.update(held, changed):
            return False
    if not kept and native.flag is not None:
        flag = {**native.flag, "subject": {"reference": patient}}
        await client.create(flag, unless=f"{DELIVERY}|{delivery.id}")
    return True


async def _of_entry(client: FhirClient, delivery: Delivery, patient: str | None, native: Native) -> list[Versioned]:
    """The active Flags of the sender's register entry, and those that this notification has changed before."""
    by_child = await client.search("Flag", {"identifier": f"{CHILD}|{delivery.subject}", "_count": "50"})
    found = {flag.text("id"): flag for flag in resources(by_child.bundle, "Flag") if _is(flag, CHILD, delivery.subject)}
    if patient is not None and not any(child.unborn for child in native.children[:1]):
        # The sender may know the child by another reference since: its own Flags on the same record count too.
        by_patient = await client.search("Flag", {"subject": patient, "identifier": f"{EVENT}|", "_count": "50"})
        for flag in resources(by_patient.bundle, "Flag"):
            if _refers(flag, patient) and not _of_unborn(flag):
                found.setdefault(flag.text("id"), flag)
    return [
        Versioned(flag.value, _etag(flag))
        for flag in found.values()
        if (told := told_in(flag)) is not None
        and told.source == delivery.source
        and (flag.text("status") == "active" or _is(flag, DELIVERY, delivery.id))
    ]


def _changed(flag: dict[str, Any], native: Native) -> dict[str, Any]:
    """The Flag with the new categories."""
    made = native.flag or {}
    flag["code"] = {**flag["code"], "text": made["code"]["text"]}
    urls = {extension["url"] for extension in made.get("extension", [])}
    others = [extension for extension in flag.get("extension", []) if extension.get("url") not in urls]
    flag["extension"] = [*others, *made.get("extension", [])]
    return flag


def _ended(flag: dict[str, Any], native: Native) -> dict[str, Any]:
    """The Flag as over, with the day where the notification says it."""
    period = (native.flag or {}).get("period", {})
    ended = period.get("end") or period.get("start")
    flag["status"] = "inactive"
    if ended is not None:
        flag["period"] = {**flag.get("period", {}), "end": ended}
    return flag


def _marked(held: Versioned, delivery: Delivery) -> dict[str, Any]:
    """A copy that says that this notification is in it, so that a second time changes nothing."""
    flag = _copied(held)
    flag["identifier"] = [*flag.get("identifier", []), {"system": DELIVERY, "value": delivery.id}]
    return flag


def _copied(held: Versioned) -> dict[str, Any]:
    return copy.deepcopy(dict(held.resource))


def _has(held: Versioned, system: str, value: str) -> bool:
    return _is(Element(held.resource, "Flag"), system, value)


def _is(flag: Element, system: str, value: str) -> bool:
    return (system, value) in set(_identifiers(flag))


def _identifiers(flag: Element) -> Iterator[tuple[str, str]]:
    for identifier in flag.each("identifier"):
        yield identifier.text("system") or "", identifier.text("value") or ""


def _subject(held: Versioned) -> str | None:
    subject: Mapping[str, Any] = held.resource.get("subject", {})
    return "/".join(str(subject.get("reference", "")).split("/")[-2:])


def _refers(flag: Element, patient: str) -> bool:
    return _subject(Versioned(flag.value, None)) == patient


def _of_unborn(flag: Element) -> bool:
    system, _, code = UNBORN
    return (system, code) in set(flag.codings("code"))


def _etag(flag: Element) -> str | None:
    """FHIR: the ETag of a resource is its version, as a weak one."""
    meta = flag.child("meta")
    version = meta.text("versionId") if meta is not None else None
    return None if version is None else f'W/"{version}"'
