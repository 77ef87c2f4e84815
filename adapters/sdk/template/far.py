"""The case system's own side, for the demonstration and the tests: the record that an event would have come from."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def record(event: Mapping[str, Any]) -> tuple[str, bytes]:
    """Name and content of the file that says what an event says, given as JSON."""
    data, child = event["data"], event["data"]["child"]
    number = _number(str(event.get("id") or event["reference"]))
    written = {
        "record": number,
        "version": 1,
        "case": _number(event["correlationid"]),
        "authority": data["responsible_authority"],
        "told": data.get("participants", []),
        "child": {
            "number": _number(event["subject"]),
            "forename": child["names"][0]["given"],
            "surname": child["names"][0]["family"],
            "born": child["date_of_birth"],
            "sex": child["sex"],
        },
        "moved": data["moved_on"],
        "learned": data["learned_at"],
        "recorded": event["time"],
        "stay": data["stay"],
        "to_authority": data["to_authority"],
    }
    return f"{number}.json", json.dumps(written, ensure_ascii=False, indent=2).encode() + b"\n"


def _number(of: str) -> str:
    return f"{int(hashlib.sha256(of.encode()).hexdigest(), 16) % 10**12:012}"
