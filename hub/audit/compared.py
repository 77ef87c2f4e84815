"""Decides in what two JSON documents differ, and how that is told: by field paths, never by what the fields hold."""

from collections.abc import Iterator, Mapping
from typing import Any

from hub.audit.codes import Code
from hub.audit.expected import Kind
from hub.audit.shown import classes

Path = tuple[str, ...]

ENVELOPE = frozenset(
    {
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "correlationid",
        "sequence", "traceparent", "tracestate", "data", "origin", "recipient", "view",
    }
)  # fmt: skip


def compared(kind: Kind, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[tuple[Code, str]]:
    """Each difference once, with the path of the field; a name that no contract has is not repeated."""
    if kind is not Kind.NOTIFICATION:
        code = Code.RECEIPT_WRONG if kind is Kind.RECEIPT else Code.LETTER_WRONG
        names = (path[0] for _, path in _differences(wanted, found, ()))
        yield from ((code, name) for name in dict.fromkeys(name if name in wanted else "*" for name in names))
        return
    known = classes(wanted["type"])
    for code, path in dict.fromkeys(_differences(wanted, found, ())):
        if path[0] != "data":
            name = path[0] if path[0] in ENVELOPE else "*"
            yield (Code.WRONG_VIEW_NAME if name == "view" else Code.WRONG_ENVELOPE), name
        else:
            shown = path if len(path) == 1 or path[1:] in known else (*path[:-1], "*")
            yield code, ".".join(shown)


def _differences(wanted: Any, found: Any, path: Path) -> Iterator[tuple[Code, Path]]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in found.keys() - wanted.keys():
            yield Code.FIELD_BEYOND_VIEW, (*path, name)
        for name in wanted.keys() - found.keys():
            yield Code.FIELD_LEFT_OUT, (*path, name)
        for name in wanted.keys() & found.keys():
            yield from _differences(wanted[name], found[name], (*path, name))
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) != len(found):
        yield (Code.FIELD_BEYOND_VIEW if len(found) > len(wanted) else Code.FIELD_LEFT_OUT), path
    elif isinstance(wanted, list) and isinstance(found, list):
        for one, other in zip(wanted, found, strict=True):
            yield from _differences(one, other, path)
    elif wanted != found or type(wanted) is not type(found):
        yield Code.VALUE_CHANGED, path
