"""The tree of an event type's fields below `data`, each with the class of information it belongs to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from contracts.classification import contracts_in, sharing_of
from contracts.sharing import Sharing


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a value, a part of the contract, or a list of either."""

    sharing: Sharing | None
    """Its own class, or that of the part it is in; None where it holds a part whose fields have each their own."""
    parts: Mapping[str, "Field"]
    """The fields of the part that it holds; none for a value. Variants of a part are put together."""


def fields_of(model: type[BaseModel], inherited: Sharing | None = None) -> Mapping[str, Field]:
    """The fields of a model by name; `inherited` is the class of the field that holds the part."""
    return dict(_fields(model, inherited))


def field_at(fields: Mapping[str, Field], path: Iterable[str]) -> Field | None:
    """The field at a path of names, from `data` down (a list adds nothing to the path), or None."""
    found: Field | None = None
    for step in path:
        found = fields.get(step)
        if found is None:
            return None
        fields = found.parts
    return found


def _fields(model: type[BaseModel], inherited: Sharing | None) -> Iterable[tuple[str, Field]]:
    for name, info in model.model_fields.items():
        sharing = inherited or sharing_of(info)
        parts: dict[str, Field] = {}
        for part in contracts_in(info.annotation):
            parts |= _fields(part, sharing)
        yield name, Field(sharing, parts)
