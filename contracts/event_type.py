"""What the registry knows of each event type: its model, its family, who publishes it, how far it may be relied on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import get_args

from contracts.envelope import Event
from contracts.kinds import Kind
from contracts.topics import Family


class Maturity(StrEnum):
    """How far a type may be relied on."""

    DRAFT = "draft"
    """May change in place."""
    RELEASED = "released"
    """A change that could break a reader needs a new version."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One event type in one version."""

    name: str
    """`wales.child-protection.<family>.<event>.v1`."""
    family: Family
    model: type[Event]
    publishers: frozenset[Kind]
    """Kinds of organisation that may send it; empty: the hub alone."""
    title_en: str
    title_cy: str
    summary: str
    maturity: Maturity = Maturity.RELEASED


def declared(
    model: type[Event], *, publishers: frozenset[Kind], title_en: str, title_cy: str, summary: str
) -> EventType:
    """The registry's entry for a model, named and placed by the model's own `type` literal."""
    (name,) = get_args(model.model_fields["type"].annotation)
    family = Family(name.split(".")[2])
    return EventType(name, family, model, publishers, title_en, title_cy, summary)
