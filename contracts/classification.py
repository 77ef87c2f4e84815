"""To which class of information each field of an event belongs, as the models say."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from contracts.base import Contract
from contracts.sharing import Sharing


@dataclass(frozen=True, slots=True)
class Leaf:
    """One field that is shown or left out as a whole."""

    path: tuple[str, ...]
    """Field names from `data` down; lists add nothing."""
    sharing: Sharing | None
    """None: the model forgot to say."""


def leaves(model: type[BaseModel]) -> Iterator[Leaf]:
    """The classified fields of a `data` model, in the model's order; an unclassified field without parts is one too."""
    yield from _leaves(model, ())


def sharing_of(field: FieldInfo) -> Sharing | None:
    """The class that a field itself carries, which then holds for all that is below it."""
    return next((item for item in field.metadata if isinstance(item, Sharing)), None)


def contracts_in(annotation: Any) -> Iterator[type[Contract]]:
    """The contracts that a field of this type holds: one, each variant of several, or none."""
    if isinstance(annotation, type) and issubclass(annotation, Contract):
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from contracts_in(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType, tuple):
        for argument in get_args(annotation):
            if argument not in (NoneType, Ellipsis):
                yield from contracts_in(argument)


def _leaves(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[Leaf]:
    for name, field in model.model_fields.items():
        sharing, parts = sharing_of(field), tuple(contracts_in(field.annotation))
        if sharing is None and parts:
            for part in parts:
                yield from _leaves(part, (*above, name))
        else:
            yield Leaf((*above, name), sharing)
