"""What a document of the case system looks like, part by part: worked out from the contracts and the mapping file.

A shape translates both ways. How a value is written follows from its type in the contract; the mapping file adds the
names. What the file leaves out of a contract is refused when the adapter starts, not when a child's event needs it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import StringConstraints

from adapters.sdk.declaration import NotTranslated
from adapters.social_care import values
from adapters.social_care.mapping import Mapping, MappingRefused
from adapters.social_care.values import Json, References, Value
from contracts.base import Contract
from contracts.envelope import Uuid
from contracts.identifiers import LanguageTag, NhsNumber, Postcode
from contracts.parties import Names
from contracts.text import Statement


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one shape."""

    item: "Shape"

    def to_event(self, value: Json, at: str, references: References) -> Json:
        if not isinstance(value, list):
            raise NotTranslated("not-a-list", path=at, remedy="write a list, with one item if there is one")
        return [self.item.to_event(item, f"{at}[{number}]", references) for number, item in enumerate(value)]

    def to_native(self, value: Json, references: References) -> Json:
        return [self.item.to_native(item, references) for item in value]


@dataclass(frozen=True, slots=True)
class Field:
    """One field, under its two names."""

    native: str
    event: tuple[str, ...]
    """From the part down; a number is a place in a list."""
    shape: "Shape"


@dataclass(frozen=True, slots=True)
class Part:
    """An object, or several kinds of it that are told apart by one field."""

    fields: tuple[Field, ...]
    ignored: frozenset[str]
    _known: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_known", {each.native: each for each in self.fields})

    def to_event(self, value: Json, at: str, references: References) -> Json:
        """As the contract has it; raises NotTranslated with the path that begins with `at`."""
        if not isinstance(value, dict):
            raise NotTranslated("not-an-object", path=at, remedy="write an object with the fields of the mapping file")
        for name in value:
            if name not in self._known and name not in self.ignored:
                raise _unknown(name, at, self._known)
        made: dict[str, Any] = {}
        for each in self.fields:
            said = value.get(each.native)
            if said is not None:
                _put(made, each.event, each.shape.to_event(said, _below(at, each.native), references))
        return _listed(made)

    def to_native(self, value: Json, references: References) -> Json:
        """As the case system has it, without what is not there."""
        found = ((each, _get(value, each.event)) for each in self.fields)
        return {each.native: each.shape.to_native(said, references) for each, said in found if said is not None}

    def native_path(self, location: Iterable[str | int], at: str = "") -> str:
        """Where in the native document a place of the contract stands, as far as there is a name for it."""
        steps = [str(step) for step in location]
        if not steps:
            return at
        for each in self.fields:
            rest = _after(steps, each.event)
            if rest is not None:
                return _path_below(each.shape, rest, _below(at, each.native))
        if len(steps) > 1:  # the first may be the tag of a variant
            return self.native_path(steps[1:], at)
        begun = (each.native for each in self.fields if list(each.event[: len(steps)]) == steps)
        return _below(at, native) if (native := next(begun, None)) else at


Shape = Part | ListOf | Value


def shape_of(model: type[Contract], mapping: Mapping, *, file: str) -> Part:
    """The shape of a contract in a mapping; raises MappingRefused where the mapping leaves something out."""
    return _Maker(mapping, file).part((model,))


class _Maker:
    """Puts shapes together."""

    def __init__(self, mapping: Mapping, file: str) -> None:
        self._mapping = mapping
        self._file = file
        self._ignored = frozenset(mapping.ignored)

    def part(self, variants: tuple[type[Contract], ...]) -> Part:
        fields: dict[str, Field] = {}
        for variant in variants:
            for native, path in self._names(variant).items():
                steps = tuple(path.split("."))
                known = fields.setdefault(native, Field(native, steps, self._at(variants, steps)))
                if known.event != steps:
                    raise self._refused(f"fields.{variant.__name__}.{native}", "stands for two fields of the contract")
        self._check_complete(variants, {each.event for each in fields.values()})
        return Part(tuple(fields.values()), self._ignored)

    def _names(self, model: type[Contract]) -> dict[str, str]:
        """The names of a part, and of what it builds on, first."""
        found: dict[str, str] = {}
        for base in reversed(model.__mro__):
            found |= self._mapping.fields.get(base.__name__, {})
        return found

    def _at(self, variants: tuple[type[Contract], ...], steps: tuple[str, ...]) -> Shape:
        """The shape of what is at a path."""
        name, *rest = steps
        owners = [variant for variant in variants if name in variant.model_fields]
        if not owners:
            names = "/".join(variant.__name__ for variant in variants)
            raise self._refused(f"fields.{names}", f"the contract has no field {name}")
        annotation, said = self._annotation(owners, name)
        if rest and rest[0].isdigit():
            return self._shape(get_args(annotation)[0], said, owners, name)
        if rest:
            return self._at(tuple(_contracts(annotation)), tuple(rest))
        return self._shape(annotation, said, owners, name)

    def _annotation(self, owners: list[type[Contract]], name: str) -> tuple[Any, list[Any]]:
        """The type of a field without None, and what is said of it; of several variants' the first that has a type."""
        for owner in owners:
            bare, said = _bare(get_type_hints(owner, include_extras=True)[name])
            if bare is not NoneType:
                return bare, said
        raise self._refused(name, "has no type")

    def _shape(self, annotation: Any, said: list[Any], owners: list[type[Contract]], name: str) -> Shape:
        if get_origin(annotation) is tuple:
            return ListOf(self._shape(*_bare(get_args(annotation)[0]), owners, name))
        if parts := tuple(_contracts(annotation)):
            return self._text() if parts == (Statement,) else self.part(parts)
        return self._value(annotation, said, owners, name)

    def _value(self, annotation: Any, said: list[Any], owners: list[type[Contract]], name: str) -> Value:
        if get_origin(annotation) is Literal or _is_enum(annotation):
            return self._code(owners, name, open_=False)
        if annotation is bool:
            return values.YesNo(self._mapping.yes, self._mapping.no)
        if annotation is date:
            return values.Day()
        if annotation is datetime:
            return values.LocalTime()
        if annotation is int:
            return values.Plain(int)
        return self._string(said, owners, name)

    def _string(self, said: list[Any], owners: list[type[Contract]], name: str) -> Value:
        patterns = {item.pattern for item in said if isinstance(item, StringConstraints)}
        for item in said:
            if isinstance(item, Names):
                before = {Names.PARTY: "", Names.SCHOOL: values.SCHOOL}.get(item, values.AGENCY)
                return values.Organisation(self._mapping.organisations, before)
        if _pattern(Uuid) in patterns:
            return self._reference(owners, name)
        if _pattern(LanguageTag) in patterns:
            return self._code(owners, name, open_=True)
        if _pattern(NhsNumber) in patterns:
            return values.Plain(str, values.without_spaces, values.three_three_four)
        if _pattern(Postcode) in patterns:
            return values.Plain(str, values.postcode)
        return values.Plain(str)

    def _reference(self, owners: list[type[Contract]], name: str) -> Value:
        if name in ("reference", "previous_reference"):
            return values.Person()
        kind = next((self._mapping.records.get(f"{owner.__name__}.{name}") for owner in owners), None)
        return values.Record(kind) if kind is not None else values.HubId()

    def _text(self) -> Value:
        return values.Text(self._mapping.default_language, self._code([Statement], "language", open_=False))

    def _code(self, owners: list[type[Contract]], name: str, *, open_: bool) -> values.Code:
        tables = list(dict.fromkeys(self._table(owner, name) for owner in owners))
        codes: dict[str, str] = {}
        for table in tables:
            codes |= self._mapping.words.get(table, {})
        wanted = {code for owner in owners for code in _codes(get_type_hints(owner, include_extras=True)[name])}
        if missing := sorted(wanted.difference(codes.values())):
            raise self._refused(f"words.{tables[0]}", f"has no word for {', '.join(missing)}")
        if not open_:
            codes = {word: code for word, code in codes.items() if code in wanted}
        return values.Code(" or words.".join(tables), codes, tags=open_)

    def _table(self, owner: type[Contract], name: str) -> str:
        found = (f"{base.__name__}.{name}" for base in owner.__mro__)
        return next((table for table in found if table in self._mapping.words), name)

    def _check_complete(self, variants: tuple[type[Contract], ...], paths: set[tuple[str, ...]]) -> None:
        """Refuse a mapping with which a field of the contract could not be said."""
        for name in dict.fromkeys(name for variant in variants for name in variant.model_fields):
            rests = {path[1:] for path in paths if path[0] == name}
            if not rests:
                names = "/".join(variant.__name__ for variant in variants)
                raise self._refused(f"fields.{names}", f"has no name for the contract's field {name}")
            if () not in rests and not any(rest[0].isdigit() for rest in rests):
                owners = [variant for variant in variants if name in variant.model_fields]
                self._check_complete(tuple(_contracts(self._annotation(owners, name)[0])), rests)

    def _refused(self, place: str, rule: str) -> MappingRefused:
        return MappingRefused(f"{self._file}: [{place}] {rule}; the packaged mapping.toml has them all")


def _bare(annotation: Any) -> tuple[Any, list[Any]]:
    """An annotation without None and without what is said of it, and that."""
    said: list[Any] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            said += more
        elif get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation):
            kept = tuple(item for item in get_args(annotation) if item is not NoneType)
            annotation = Union[kept]  # noqa: UP007 - put together at run time
        else:
            return annotation, said


def _contracts(annotation: Any) -> Iterator[type[Contract]]:
    bare, _ = _bare(annotation)
    if isinstance(bare, type) and issubclass(bare, Contract):
        yield bare
    elif get_origin(bare) in (Union, UnionType):
        for variant in get_args(bare):
            yield from _contracts(variant)


def _codes(annotation: Any) -> Iterator[str]:
    """All codes that a field may have."""
    bare, _ = _bare(annotation)
    if get_origin(bare) is Literal:
        yield from get_args(bare)
    elif get_origin(bare) is tuple:
        yield from _codes(get_args(bare)[0])
    elif _is_enum(bare):
        yield from (str(member) for member in bare)


def _is_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, StrEnum)


def _pattern(annotation: Any) -> Any:
    return next(item.pattern for item in get_args(annotation)[1:] if isinstance(item, StringConstraints))


def _unknown(name: str, at: str, known: Iterable[str]) -> NotTranslated:
    # A key that nobody foresaw may itself be a value, such as a name: it is shown only where it looks like a field.
    shown = _below(at, name) if name.isascii() and name.isidentifier() and name.islower() and len(name) < 64 else at
    remedy = f"use one of {', '.join(known)}; or add the field to `ignored` of the mapping file"
    return NotTranslated("unknown-field", path=shown, remedy=remedy)


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _put(made: dict[str, Any], steps: tuple[str, ...], value: Json) -> None:
    for step in steps[:-1]:
        made = made.setdefault(step, {})
    made[steps[-1]] = value


def _listed(made: Json) -> Json:
    """Objects whose keys are places in a list, as lists; an empty place closes up."""
    if isinstance(made, dict):
        if made and all(key.isdigit() for key in made):
            return list(made.values())
        return {key: _listed(value) if isinstance(value, dict) else value for key, value in made.items()}
    return made


def _get(value: Json, steps: tuple[str, ...]) -> Json:
    for step in steps:
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            return None
    return value


def _after(steps: list[str], path: tuple[str, ...]) -> list[str] | None:
    """What is left of a location below a path, tags of variants skipped; None where it is elsewhere."""
    rest = list(steps)
    for step in path:
        while rest and rest[0] != step:
            if step == path[0]:
                return None
            rest.pop(0)
        if not rest:
            return None
        rest.pop(0)
    return rest


def _path_below(shape: Shape, rest: list[str], at: str) -> str:
    if isinstance(shape, Part):
        return shape.native_path(rest, at) if rest else at
    if isinstance(shape, ListOf) and rest:
        number, *below = rest
        return _path_below(shape.item, below, f"{at}[{number}]")
    return at
