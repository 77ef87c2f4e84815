"""Decides which patient of the server a notification's child is: exactly one, or none."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.health.client import FhirClient
from adapters.health.element import Element
from adapters.health.mapping import MAPPING, identified
from adapters.health.outbound import Whom


async def found(client: FhirClient, whom: Whom) -> str | None:
    """`Patient/id` of the one active patient with the number who could be this person; None: no one, or several."""
    if whom.nhs_number is None:
        return None
    page = await client.search(
        "Patient", {"identifier": f"{MAPPING.systems.nhs_number[0]}|{whom.nhs_number}", "_count": "10"}
    )
    candidates = {
        f"Patient/{patient.text('id')}"
        for patient in resources(page.bundle, "Patient")
        if identified(patient, MAPPING.systems.nhs_number) == whom.nhs_number  # a server may ignore a parameter
        and _is_current(patient)
        and _could_be(patient, Element(whom.patient, "Patient"))
    }
    return candidates.pop() if len(candidates) == 1 else None


def resources(bundle: Mapping[str, Any], kind: str) -> Iterator[Element]:
    """The resources of one type in a Bundle."""
    for entry in Element(bundle, "Bundle").each("entry"):
        resource = entry.child("resource")
        if resource is not None and resource.text("resourceType") == kind:
            yield resource


def _is_current(patient: Element) -> bool:
    """Not one that was merged into another."""
    replaced = any(link.text("type") == "replaced-by" for link in patient.each("link"))
    return patient.flag("active") is not False and not replaced


def _could_be(patient: Element, told: Element) -> bool:
    """Whether date of birth or a family name agree, where both sides have them: a number alone may be mistyped."""
    ours, theirs = told.text("birthDate"), patient.text("birthDate")
    families = [_families(told), _families(patient)]
    if ours is None and not families[0]:
        return True
    return (ours is not None and ours == theirs) or not families[0].isdisjoint(families[1])


def _families(patient: Element) -> set[str]:
    return {family.casefold() for name in patient.each("name") if (family := name.text("family"))}
