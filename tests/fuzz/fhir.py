"""A health board's resources: any bytes are an event that keeps its rules, or not translated, and nothing else.

Bytes that begin like JSON are read as they are. Others say how a fixture is changed: which one, and then, for each four
bytes, which value in it becomes what. So the search gets behind the check of the form, into the translations.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapters.health.inbound import to_event
from adapters.health.native import read
from adapters.sdk.composing import composed
from adapters.sdk.declaration import NotTranslated
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms

PSEUDONYMS = Pseudonyms("cardiff-and-vale-health", bytes(range(32)))
INBOUND = Path(__file__).parents[2] / "adapters" / "health" / "fixtures" / "inbound"
FIXTURES = [path.read_bytes() for path in sorted(INBOUND.glob("*.json")) if not path.name.endswith(".event.json")]
PERSONAL = ("Enghraifft", "9990000018", "Stryd Ddychmygol")
OTHERS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, "", " ", "x", "Patient/p-4711", "#form", "#", "urn:uuid:1", "2026-02-30",
    "2026-13-01T00:00:00Z", "0000-01-01T00:00:00+99:00", [], [None], [[]], [{}], {}, {"reference": "#form"},
    {"coding": [{}]}, {"coding": None}, "\u202e", "a" * 9000,
)  # fmt: skip


def check(data: bytes) -> None:
    """Read `data` as the answer of a server; a refusal must not show a name or a number."""
    content = data if data[:1] in (b"{", b"[", b"") else _changed(data)
    try:
        draft = to_event(read("fuzz.json", content), PSEUDONYMS)
    except NotTranslated as refusal:
        _check_silent(str(refusal))
        return
    try:
        composed(draft, PSEUDONYMS)
    except NotAnEvent as refusal:
        _check_silent(str(refusal))


def _changed(data: bytes) -> bytes:
    document = json.loads(FIXTURES[data[0] % len(FIXTURES)])
    for at in range(1, len(data) - 3, 4):
        places = list(_places(document))
        holder, key = places[int.from_bytes(data[at : at + 2], "big") % len(places)]
        match data[at + 2] % 3:
            case 0:
                del holder[key]
            case 1:
                holder[key] = copy.deepcopy(OTHERS[data[at + 3] % len(OTHERS)])
            case _:
                other, name = places[data[at + 3] * len(places) // 256]
                holder[key] = copy.deepcopy(other[name])
        if not document:
            break
    return json.dumps(document).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each place of a document: what holds it, and its name or number there."""
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in list(named):
        yield value, key
        yield from _places(part)


def _check_silent(message: str) -> None:
    if any(value in message for value in PERSONAL):
        raise AssertionError("a refusal shows a value of the record")
