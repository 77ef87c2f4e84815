"""What the portal keeps of a notification: whose it is, which children it is about, by what they are known again."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.delivery import Delivery
from contracts.parties import school_of


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification to one party."""

    id: str
    party: str
    type: str
    source: str
    origin: str
    subject: str
    correlation: str
    happened_at: datetime
    names: tuple[str, ...] = field(repr=False)
    """Of each child that is shown, in their order; empty for one whose name is not."""
    children: tuple[frozenset[str], ...] = field(repr=False)
    """Of each child, hashes of what it is known by: the pupil number, and the sender's own reference."""
    conflicts: frozenset[str]
    """Schools that the event says must not be told of it."""
    body: bytes = field(repr=False)


def notice(delivery: Delivery) -> Notice:
    """What the portal keeps of a delivery; pure."""
    data: Any = delivery.data
    shown = list(children_of(data))
    return Notice(
        id=delivery.id,
        party=delivery.recipient,
        type=delivery.type,
        source=delivery.source,
        origin=delivery.origin,
        subject=delivery.subject,
        correlation=delivery.correlationid,
        happened_at=delivery.time,
        names=tuple(known_as(child) for child in shown),
        children=tuple(frozenset(keys_of(child, delivery.source)) for child in shown)
        or (frozenset({_hash(delivery.source, delivery.subject)}),),
        conflicts=frozenset(
            party for party in getattr(data, "conflicts_of_interest", None) or () if school_of(party) is not None
        ),
        body=delivery.model_dump_json(exclude_none=True).encode(),
    )


def children_of(data: Any) -> Iterator[Any]:
    """Each child that is shown, of an event about one or several."""
    one = getattr(data, "child", None)
    if one is not None:
        yield one
    for item in getattr(data, "children", None) or ():
        if item.child is not None:
            yield item.child


def keys_of(child: Any, source: str) -> Iterator[str]:
    """By what a child is known again: across senders by the pupil number, with one sender by its reference."""
    if child.upn is not None:
        yield _hash("upn", child.upn)
    if child.reference is not None:
        yield _hash(source, child.reference)


def known_as(child: Any) -> str:
    """The name to call a child by: the one known by, else the first."""
    names = [name for name in child.names or () if name.use == "known-by"] or child.names
    return " ".join(part for part in (names[0].given, names[0].family) if part) if names else ""


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
