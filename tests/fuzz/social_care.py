"""A case system's row: any bytes, and rows whose document has anything anywhere, are an event or refused by a code."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import atheris

from adapters.sdk.composing import composed
from adapters.sdk.declaration import NotTranslated
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.social_care.inbound import to_event
from adapters.social_care.native import read

FIXTURES = Path(__file__).parents[2] / "adapters" / "social_care" / "fixtures" / "inbound"
ROWS = [path.read_bytes() for path in sorted(FIXTURES.glob("*.json")) if not path.name.endswith(".event.json")]
OWN = Pseudonyms("cardiff-social-services", bytes(range(32)))
CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
ODD: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**63, 10**40, 1.5, "", " ", "\x00", "\u202e", "é" * 300, [], {}, [[]], [None],
    "2026-02-30", "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "2026-03-29T01:30:00", "2026-10-25T01:30:00",
    "2026-10-25T01:30:00+99:99", "681/2003", "/agencies/x", "/hub", "Y", "Welsh", {"hub_event": ""}, {"text": "x"},
    {"record_id": "1", "version": 1}, {"hub_event": "1338f11c-3196-5796-9ded-d26e68bf4d52"},
]  # fmt: skip


def check(data: bytes) -> None:
    """One run: the bytes themselves, or a fixture with places replaced as they say."""
    provider = atheris.FuzzedDataProvider(data)
    if provider.ConsumeBool():
        row = provider.ConsumeBytes(provider.remaining_bytes())
    else:
        document = json.loads(provider.PickValueInList(ROWS))
        for _ in range(provider.ConsumeIntInRange(1, 4)):
            _replace_somewhere(document, provider)
        row = json.dumps(document).encode()
    reason = _not_translated(row)
    if reason is not None and not (CODE.match(reason.code) and reason.remedy):
        raise AssertionError("a refusal without a code or a remedy")


def _not_translated(row: bytes) -> NotTranslated | None:
    try:
        composed(to_event(read("row.json", row), OWN), OWN)
    except NotTranslated as reason:
        return reason
    except NotAnEvent:  # a rule between the row and its document
        return None
    return None


def _replace_somewhere(place: Any, provider: Any) -> None:
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = provider.PickValueInList(keys)
        below = place[key]
        if isinstance(below, dict | list) and below and provider.ConsumeIntInRange(0, 9):
            place = below
            continue
        if isinstance(place, dict) and provider.ConsumeIntInRange(0, 4) == 0:
            place[provider.ConsumeUnicodeNoSurrogates(12)] = place.pop(key)
        elif provider.ConsumeBool():
            place[key] = copy.deepcopy(provider.PickValueInList(ODD))
        else:
            place[key] = provider.ConsumeUnicode(40)
        return
