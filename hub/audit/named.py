"""Decides whether an event names an organisation or a school that there isn't."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from contracts.parties import SCHOOLS, Names
from contracts.registry import REGISTRY
from hub.audit.standing import Standing

Path = tuple[str, ...]


class Strangers:
    """The fields of every event type that name somebody, and whom there is to name."""

    def __init__(self, standing: Standing) -> None:
        agencies = standing.agencies
        self._there = {
            Names.AGENCY: frozenset(agencies),
            Names.SOCIAL_SERVICES: frozenset(a for a, kind in agencies.items() if kind == "social-services"),
            Names.SCHOOL: standing.schools,
            Names.PARTY: frozenset(f"/agencies/{agency}" for agency in agencies if agency != SCHOOLS)
            | frozenset(f"/schools/{number}" for number in standing.schools),
        }
        self._fields = {name: tuple(_fields(kind.model, ())) for name, kind in REGISTRY.items()}

    def any(self, document: Mapping[str, Any]) -> bool:
        """Whether there is a stranger in the JSON of a valid event."""
        return any(
            value not in self._there[names]
            for path, names in self._fields[document["type"]]
            for value in _values(document, path)
        )


def _fields(annotation: Any, path: Path) -> Iterator[tuple[Path, Names]]:
    """Where an annotation says that a text names somebody; lists add nothing to a path."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, info in annotation.model_fields.items():
            yield from (((*path, name), item) for item in info.metadata if isinstance(item, Names))
            yield from _fields(info.annotation, (*path, name))
        return
    for item in getattr(annotation, "__metadata__", ()):
        if isinstance(item, Names):
            yield path, item
    for argument in get_args(annotation):
        if not isinstance(argument, str | int | Names):
            yield from _fields(argument, path)


def _values(part: Any, path: Path) -> Iterator[Any]:
    if isinstance(part, list):
        for item in part:
            yield from _values(item, path)
    elif not path:
        if part is not None:
            yield part
    elif isinstance(part, dict) and path[0] in part:
        yield from _values(part[path[0]], path[1:])
