"""Which changes of a schema break somebody who relies on the released one, and so need a new version of the type."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contracts.export import RELEASED, SCHEMAS, documents

Schema = dict[str, Any]

_TIGHTER_WHEN_HIGHER = ("minLength", "minItems", "minimum", "exclusiveMinimum")
_TIGHTER_WHEN_LOWER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")
_SAME = ("type", "pattern", "format", "uniqueItems", "x-sharing")


def breaking_changes_since_release(folder: Path = SCHEMAS) -> tuple[str, ...]:
    """What the models of today break of all that was released: `<file>: <field path>: <what>`, empty where nothing."""
    today = documents()
    found = []
    for path in sorted((folder / RELEASED).rglob("*.json")):
        name = path.relative_to(folder / RELEASED).as_posix()
        if name not in today:
            found.append(f"{name}: the released type is gone")
            continue
        released = json.loads(path.read_text(encoding="utf-8"))
        found += [f"{name}: {change}" for change in breaking_changes(released, json.loads(today[name]))]
    return tuple(found)


def breaking_changes(released: Schema, new: Schema) -> tuple[str, ...]:
    """What `new` breaks of `released`, for readers and for writers; adding an optional field breaks nobody."""
    return tuple(_Comparison(released.get("$defs", {}), new.get("$defs", {})).changes(released, new, ""))


class _Comparison:
    """Two schemas with their definitions; each pair of definitions is compared once."""

    def __init__(self, released: Schema, new: Schema) -> None:
        self._released = released
        self._new = new
        self._seen: set[tuple[str, str]] = set()

    def changes(self, released: Schema, new: Schema, path: str) -> Iterator[str]:
        references = (released.get("$ref", ""), new.get("$ref", ""))
        if all(references):
            if references in self._seen:
                return
            self._seen.add(references)
        released, new = _resolved(released, self._released), _resolved(new, self._new)
        yield from _value_changes(released, new, path or "the event")
        yield from self._field_changes(released, new, path)
        yield from self._variant_changes(released, new, path)
        if "items" in released and "items" in new:
            yield from self.changes(released["items"], new["items"], f"{path}[]")

    def _field_changes(self, released: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = released.get("properties", {}), new.get("properties", {})
        required_before, required_after = set(released.get("required", ())), set(new.get("required", ()))
        for name in before:
            where = f"{path}.{name}".lstrip(".")
            if name not in after:
                yield f"{where}: the field is gone"
                continue
            if name in required_before - required_after:
                yield f"{where}: the field may now be missing"
            if name in required_after - required_before:
                yield f"{where}: the field is now required"
            yield from self.changes(before[name], after[name], where)
        for name in after:
            if name not in before and name in required_after:
                yield f"{path}.{name}: the new field is required".lstrip(".")

    def _variant_changes(self, released: Schema, new: Schema, path: str) -> Iterator[str]:
        for word in ("anyOf", "oneOf"):
            before, after = released.get(word, []), new.get(word, [])
            if len(before) != len(after):
                yield f"{path or 'the event'}: the variants are others"
                continue
            for one, other in zip(before, after, strict=True):
                yield from self.changes(one, other, path)


def _value_changes(released: Schema, new: Schema, where: str) -> Iterator[str]:
    for word in _SAME:
        if released.get(word) != new.get(word):
            yield f"{where}: {word} changed"
    allowed_before, allowed_after = _allowed(released), _allowed(new)
    if allowed_before != allowed_after:
        yield f"{where}: the allowed values are others"
    for word in _TIGHTER_WHEN_HIGHER:
        if word in new and new[word] > released.get(word, float("-inf")):
            yield f"{where}: {word} is higher"
    for word in _TIGHTER_WHEN_LOWER:
        if word in new and new[word] < released.get(word, float("inf")):
            yield f"{where}: {word} is lower"
    if released.get("additionalProperties", True) is not False and new.get("additionalProperties", True) is False:
        yield f"{where}: unknown fields are now refused"


def _allowed(schema: Schema) -> frozenset[str] | None:
    """The closed list of values, if there is one: fewer break a writer, more break a reader."""
    if "const" in schema:
        return frozenset({json.dumps(schema["const"])})
    return frozenset(json.dumps(value) for value in schema["enum"]) if "enum" in schema else None


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    """A reference's definition, with what stands beside the reference."""
    if "$ref" not in schema:
        return schema
    beside = {word: value for word, value in schema.items() if word != "$ref"}
    return {**definitions[schema["$ref"].removeprefix("#/$defs/")], **beside}
