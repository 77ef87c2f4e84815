"""Decides whether a ledger record has its form: the names and kinds of its fields, nothing missing, nothing more."""

from collections.abc import Mapping
from typing import Any

import orjson

from hub.audit.expected import Entry

_TEXT: tuple[type, ...] = (str,)
_OPTIONAL: tuple[type, ...] = (str, type(None))
_NUMBER: tuple[type, ...] = (int,)

Form = dict[str, Any]
"""For each field its types, or the form of what it holds; in a list, the form of each item."""

_COORDINATES: Form = {"topic": _TEXT, "partition": _NUMBER, "offset": _NUMBER}
_FAULT: Form = {"code": _TEXT, "path": _TEXT, "rule": _TEXT}
_NOT_TOLD: Form = {
    "recipient": _TEXT,
    "told": (bool,),
    "relation": _TEXT,
    "rule": _TEXT,
    "basis": _TEXT,
    "agreement": _TEXT,
    "view": _TEXT,
    "reason": _TEXT,
}
_TOLD: Form = {**_NOT_TOLD, "topic": _TEXT, "delivery": _TEXT, "digest": _TEXT}
_SHORT_NAME: Form = {"source": _OPTIONAL, "id": _OPTIONAL, "type": _OPTIONAL}
_NAME: Form = {**_SHORT_NAME, "subject": _TEXT, "correlationid": _TEXT, "sequence": _NUMBER, "time": _TEXT}
_ENTRY: Form = {
    "version": _NUMBER,
    "lane": _NUMBER,
    "number": _NUMBER,
    "at": {**_COORDINATES, "time_ms": _NUMBER},
    "event": (dict,),
    "signer": _OPTIONAL,
    "key_id": _OPTIONAL,
    "digest": _OPTIONAL,
    "size": _NUMBER,
    "outcome": _TEXT,
    "faults": (list,),
    "first": (dict, type(None)),
    "decisions": (list,),
    "receipt": _OPTIONAL,
    "receipt_to": _OPTIONAL,
    "trace": {"trace_id": _TEXT, "parent": _OPTIONAL, "span": _TEXT, "origin": _OPTIONAL},
    "hub": {"worker": _TEXT, "read_ms": _NUMBER, "decided_ms": _NUMBER},
    "versions": {"policy": _TEXT, "directory": _TEXT, "network": _TEXT},
    "prev": _TEXT,
}
_ANSWERS: Form = {
    "delivery": _TEXT,
    "original": {"source": _TEXT, "id": _TEXT},
    "kind": _TEXT,
    "said_at": _TEXT,
    "reason": _OPTIONAL,
}
_REDRIVE: Form = {"origin": _COORDINATES, "count": _NUMBER}
_MORE: Form = {"answers": _ANSWERS, "redrive": _REDRIVE}
"""Fields that only some entries have."""
_OUTCOMES = frozenset({"accepted", "duplicate", "conflict", "rejected"})
VERSION = 1


def parse(value: bytes | None) -> Entry | None:
    """The entry that a ledger record is, or None where it doesn't have the form."""
    try:
        entry = orjson.loads(value or b"")
    except ValueError:
        return None
    has_form = isinstance(entry, dict) and _has(entry, _ENTRY | {name: _MORE[name] for name in _MORE if name in entry})
    return entry if has_form and _holds_together(entry) else None


def again(value: bytes) -> Entry:
    """The entry that a record is which had the form before."""
    entry: Entry = orjson.loads(value)
    return entry


def _holds_together(entry: Mapping[str, Any]) -> bool:
    return (
        entry["version"] == VERSION
        and entry["outcome"] in _OUTCOMES
        and (_has(entry["event"], _NAME) or _has(entry["event"], _SHORT_NAME))
        and all(_has(fault, _FAULT) for fault in entry["faults"])
        and (entry["first"] is None or _has(entry["first"], _COORDINATES))
        and all(_has(decision, _TOLD) or _has(decision, _NOT_TOLD) for decision in entry["decisions"])
    )


def _has(value: Any, form: Any) -> bool:
    if isinstance(form, tuple):
        return isinstance(value, form) and (bool in form or not isinstance(value, bool))
    return isinstance(value, dict) and value.keys() == form.keys() and all(_has(value[k], form[k]) for k in form)
