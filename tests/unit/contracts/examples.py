"""The example events, read afresh, and ways to spoil one."""

import copy
import json
from enum import Enum
from pathlib import Path
from typing import Any

import contracts

FOLDER = Path(contracts.__file__).parent / "examples"

Path_ = tuple[str | int, ...]

GONE = Enum("Gone", "GONE").GONE
"""In the place of a value: take the field out."""


def example(name: str) -> dict[str, Any]:
    """The example of a type, by `<family>.<event>`."""
    text = (FOLDER / f"wales.child-protection.{name}.v1.json").read_text(encoding="utf-8")
    event: dict[str, Any] = json.loads(text)
    return event


def changed(event: dict[str, Any], changes: dict[Path_, Any]) -> dict[str, Any]:
    """A copy of an event with other values at some paths."""
    event = copy.deepcopy(event)
    for path, value in changes.items():
        *above, last = path
        part: Any = event
        for step in above:
            part = part[step]
        if value is GONE:
            del part[last]
        else:
            part[last] = value
    return event


def strings(value: Any, path: Path_ = ()) -> list[Path_]:
    """The paths of all texts of an event."""
    if isinstance(value, str):
        return [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for step, part in inner for found in strings(part, (*path, step))]
