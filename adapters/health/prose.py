"""Decides how a notification reads as text, in English and in Welsh."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from contracts.directory import Directory
from contracts.parties import agency_of, school_of
from contracts.registry import REGISTRY

Language = Literal["en", "cy"]

_LABELS: Final[Mapping[str, Mapping[str, list[str]]]] = tomllib.loads(
    (Path(__file__).parent / "labels.toml").read_text(encoding="utf-8")
)
_LONDON = ZoneInfo("Europe/London")
_PARTIES = ("/agencies/", "/schools/")


def prose(type_name: str, data: Mapping[str, Any], language: Language) -> str:
    """A title, and a line for each thing that a reader needs; what people wrote stays in the language they wrote it."""
    return "\n".join([title(type_name, language), *_lines(data, language, 0)])


def title(type_name: str, language: Language) -> str:
    """What the event is called."""
    kind = REGISTRY[type_name]
    return kind.title_en if language == "en" else kind.title_cy


def called(party: str, language: Language) -> str:
    """The name of a party, as the directory has it."""
    directory = Directory.packaged()
    number = school_of(party)
    if number is not None:
        school = directory.schools.get(number)
        return school.name if school is not None else number
    found = directory.organisations.get(agency_of(party))
    if found is None:
        return agency_of(party)
    return found.name_en if language == "en" else found.name_cy


def coded(code: str, language: Language) -> str:
    """What a code is called, or the code."""
    return _word("codes", code, language) or code


def _lines(data: Mapping[str, Any], language: Language, depth: int) -> Iterator[str]:
    for name, value in data.items():
        label = _word("fields", name, language)
        if label is None or value in (None, [], {}):
            continue
        indent = "  " * depth
        if isinstance(value, dict) and "text" in value:
            yield f"{indent}{label}: {value['text']}"
        elif isinstance(value, dict):
            yield f"{indent}{label}:"
            yield from _lines(value, language, depth + 1)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            for item in value:
                yield f"{indent}{label}:"
                yield from _lines(item, language, depth + 1)
        else:
            values = value if isinstance(value, list) else [value]
            yield f"{indent}{label}: {', '.join(_said(name, item, language) for item in values)}"


def _said(name: str, value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return coded(str(value).lower(), language)
    written = str(value)
    if written.startswith(_PARTIES):
        return called(written, language)
    if name in ("responsible_authority", "to_authority"):
        return called(f"/agencies/{written}", language)
    if name.endswith("_at"):
        return datetime.fromisoformat(written).astimezone(_LONDON).strftime("%d/%m/%Y %H:%M")
    return coded(written, language)


def _word(table: str, name: str, language: Language) -> str | None:
    found = _LABELS[table].get(name)
    return None if found is None else found[0 if language == "en" else 1]
