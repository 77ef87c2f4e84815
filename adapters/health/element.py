"""Decides how a FHIR resource is read: one element at a time, each with the FHIRPath of where it stands."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.sdk.declaration import NotTranslated

_INSTANT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})\Z")


@dataclass(frozen=True, slots=True)
class Element:
    """A JSON object of a resource, and its path; a refusal names the path and never the value."""

    value: Mapping[str, Any] = field(repr=False)
    path: str

    def has(self, name: str) -> bool:
        """Whether the element has a child of this name."""
        return name in self.value

    def text(self, name: str) -> str | None:
        """A string, code, uri or date; None if there is none."""
        value = self.value.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong("not-a-string", name, "the element is text in FHIR R4")
        return value

    def flag(self, name: str) -> bool | None:
        """A boolean; None if there is none."""
        value = self.value.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong("not-a-boolean", name, "the element is true or false in FHIR R4")
        return value

    def moment(self, name: str) -> datetime | None:
        """A dateTime or instant that has a time and an offset; None if there is none."""
        written = self.text(name)
        if written is None:
            return None
        if not _INSTANT.match(written):
            raise self.wrong("no-time-of-day", name, "write date, time and offset: a day alone is no moment")
        try:
            return datetime.fromisoformat(written)
        except ValueError:
            raise self.wrong("not-a-time", name, "write a moment that the calendar has, with its offset") from None

    def child(self, name: str) -> "Element | None":
        """A part of the element; None if there is none."""
        value = self.value.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong("not-an-object", name, "the element is an object in FHIR R4")
        return Element(value, f"{self.path}.{name}")

    def each(self, name: str) -> Iterator["Element"]:
        """The parts of a repeating element, in their order."""
        values = self.value.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.wrong("not-a-list", name, "the element is a list of objects in FHIR R4")
        for number, value in enumerate(values):
            yield Element(value, f"{self.path}.{name}[{number}]")

    def texts(self, name: str) -> list[str]:
        """The strings of a repeating element."""
        values = self.value.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.wrong("not-a-list", name, "the element is a list of strings in FHIR R4")
        return values

    def extension(self, url: str) -> "Element | None":
        """The extension of this url; all others are read past, as FHIR asks of who doesn't know them."""
        return next((found for found in self.each("extension") if found.text("url") == url), None)

    def codings(self, name: str) -> Iterator[tuple[str, str]]:
        """System and code of each coding of a CodeableConcept, or of a list of them."""
        value = self.value.get(name)
        concepts = self.each(name) if isinstance(value, list) else filter(None, [self.child(name)])
        for concept in concepts:
            for coding in concept.each("coding"):
                yield coding.text("system") or "", coding.text("code") or ""

    def wrong(self, code: str, name: str = "", remedy: str = "") -> NotTranslated:
        """The refusal of this element, or of its child `name`."""
        return NotTranslated(code, path=f"{self.path}.{name}" if name else self.path, remedy=remedy)
