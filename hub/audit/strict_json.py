"""Decides whether a value is one JSON object that all readers read alike, by the standard library's parser."""

import json
import re
from dataclasses import dataclass
from typing import Any

from contracts.envelope import MAX_EVENT_BYTES
from contracts.faults import FaultCode

DEEPEST = 200
"""Levels of lists and objects with something in them that the hub's parser goes down."""

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|\[\s*\]|\{\s*\}|[\[{]|[\]}]', re.DOTALL)
_NOT_JSON = frozenset({FaultCode.NOT_JSON.value, FaultCode.DUPLICATE_KEY.value})
"""A key may have come twice before the place at which the text is no JSON."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a value is not taken apart: any one of the codes may be told, where bytes are wrong in several ways."""

    codes: frozenset[str]


def read(value: bytes | None) -> dict[str, Any] | Unreadable:
    """The JSON object that a value is, or why it is none."""
    if value is None:
        return _because(FaultCode.EMPTY)
    if len(value) > MAX_EVENT_BYTES:
        return _because(FaultCode.TOO_LARGE)
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return _because(FaultCode.NOT_UTF8)
    if _depth(value) > DEEPEST:  # what lies further down nobody reads: it may be anything
        return Unreadable(_NOT_JSON | {FaultCode.TOO_DEEP.value, FaultCode.NOT_A_NUMBER.value})
    return _parsed(text)


def _parsed(text: str) -> dict[str, Any] | Unreadable:
    codes: set[str] = set()

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found) != len({name for name, _ in found}):
            codes.add(FaultCode.DUPLICATE_KEY.value)
        return dict(found)

    try:
        document = json.loads(
            text, object_pairs_hook=pairs, parse_constant=lambda name: codes.add(FaultCode.NOT_A_NUMBER.value)
        )
        if "\\u" in text:  # half of a surrogate pair is no text
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except ValueError:
        return Unreadable(_NOT_JSON | codes)
    if isinstance(document, dict) and not codes:
        return document
    return Unreadable(frozenset(codes) if len(codes) == 1 else _NOT_JSON | codes)


def _depth(value: bytes) -> int:
    if value.count(b"[") + value.count(b"{") <= DEEPEST:
        return 0
    depth = deepest = 0
    for found in _BRACKETS.finditer(value):
        if found[0] in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif found[0] in (b"]", b"}"):
            depth -= 1
    return deepest


def _because(code: FaultCode) -> Unreadable:
    return Unreadable(frozenset({code.value}))
