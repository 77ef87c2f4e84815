"""What is written into `contracts/schemas/`, and whether what is committed there is what the models say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contracts.asyncapi import document
from contracts.json_schema import GENERATED, delivered_schema_of, schema_of
from contracts.registry import REGISTRY
from contracts.rules import TEXTS

SCHEMAS = Path(__file__).parent / "schemas"

RELEASED = "released"
"""The folder, below the schemas, of what was released: written once, by a release, and never by an export."""


def write(folder: Path = SCHEMAS) -> tuple[str, ...]:
    """Write every generated file and take away what is no longer generated; the names of what changed."""
    changed = differences(folder)
    wanted = documents()
    for name in _present(folder) - wanted.keys():
        (folder / name).unlink()
    for name, text in wanted.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return changed


def differences(folder: Path = SCHEMAS) -> tuple[str, ...]:
    """Names of the files that an export would write, change or take away, in order; empty where all is up to date."""
    wanted = documents()
    stale = {
        name
        for name, text in wanted.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    }
    return tuple(sorted(stale | (_present(folder) - wanted.keys())))


def documents() -> dict[str, str]:
    """The text of every generated file, by its path below the folder."""
    return {name: _text(value) for name, value in _documents()}


def _documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, event_type in REGISTRY.items():
        yield f"{name}.json", schema_of(event_type)
        if event_type.publishers:
            yield f"delivered/{name}.json", delivered_schema_of(event_type)
    yield "asyncapi.json", document()
    yield "rules.json", {"$comment": GENERATED, **{rule.value: {"en": t.en, "cy": t.cy} for rule, t in TEXTS.items()}}


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _present(folder: Path) -> set[str]:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")}
    return {name for name in names if not name.startswith(f"{RELEASED}/")}
