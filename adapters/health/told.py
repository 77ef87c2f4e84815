"""Decides how a resource that the hub's notification became says which one it was, and how that is read back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from adapters.health.element import Element
from contracts.delivery import Delivery

DELIVERY: Final = "urn:dolen:delivery"
"""The notification's id: the same over every retry, and so what makes a create conditional."""
EVENT: Final = "urn:dolen:event"
"""The sender's event: its `source`, a hash sign, its id."""
CHILD: Final = "urn:dolen:child"
"""The sender's reference of the child: the same in all that this sender says about it."""
EPISODE: Final = "urn:dolen:episode"
TYPE: Final = "urn:dolen:event-type"
"""With a hyphen for each full stop it would be a code; a type's name is one as it is."""


@dataclass(frozen=True, slots=True)
class Told:
    """Which notification a resource holds."""

    delivery: str
    source: str
    origin: str
    subject: str
    episode: str
    type: str


def identifiers(delivery: Delivery) -> list[dict[str, Any]]:
    """The identifiers that a resource carries for a notification."""
    pairs = (
        (DELIVERY, delivery.id),
        (EVENT, f"{delivery.source}#{delivery.origin}"),
        (CHILD, delivery.subject),
        (EPISODE, delivery.correlationid),
        (TYPE, delivery.type),
    )
    return [{"system": system, "value": value} for system, value in pairs]


def told_in(resource: Element) -> Told | None:
    """The notification that a resource was made from; None: it was made by somebody else."""
    found: dict[str, str] = {}
    for system, value in _identifiers(resource):
        found.setdefault(system, value)
    try:
        source, _, origin = found[EVENT].partition("#")
        return Told(
            delivery=found[DELIVERY],
            source=source,
            origin=origin,
            subject=found[CHILD],
            episode=found[EPISODE],
            type=found[TYPE],
        )
    except KeyError:
        return None


def _identifiers(resource: Element) -> Iterator[tuple[str, str]]:
    for identifier in resource.each("identifier"):
        yield identifier.text("system") or "", identifier.text("value") or ""
