"""Turns what a notification says into lines for a page: a label and a value, whatever the type of event."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

from adapters.schools.notice import known_as
from adapters.schools.places import Places
from adapters.schools.words.catalogue import Speech
from adapters.schools.words.codes import CODES
from adapters.schools.words.labels import LABELS, NOT_SHOWN
from contracts.delivery import Delivery
from contracts.parties import school_uri

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""An id means nothing to a reader."""
_PARTIES = frozenset({"party", "who", "held_by", "home_authority", "to_authority", "core_group"})
_SCHOOLS = frozenset({"new_school", "previous_school"})
_CONTACTS = frozenset({"contact", "coordinator", "social_worker", "chair", "previous", "ratified_by"})


@dataclass(frozen=True, slots=True)
class Fact:
    """One line."""

    label: str
    value: str = ""
    language: str = ""
    """Of the value, where a practitioner or the child wrote it: it is shown as it was written."""
    parts: tuple["Fact", ...] = ()
    """Lines below this one, in the place of a value."""
    items: tuple[str, ...] = ()
    """Several values, in the place of one."""


@dataclass(frozen=True, slots=True)
class OfChild:
    """What is said of one child."""

    name: str
    shielded: bool
    details: tuple[Fact, ...]
    """Who the child is."""
    said: tuple[Fact, ...]
    """What the event says of this child."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A notification, ready for a page."""

    children: tuple[OfChild, ...]
    event: tuple[Fact, ...]
    contacts: tuple[Fact, ...]
    """Whom to call, each with its lines."""
    authority: str
    """The name of the responsible authority; empty where the view leaves it out."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells notifications in one language."""

    say: Speech
    places: Places
    hidden: frozenset[int] = field(default=frozenset())
    """Children that are not told of, by their place."""

    def tell(self, delivery: Delivery) -> Telling:
        """All of a notification that its recipient may see."""
        data: Any = delivery.data
        contacts = [
            self._contact(name, value) for holder in _holders(data) for name, value in _fields(holder, _CONTACTS)
        ]
        authority = getattr(data, "responsible_authority", None)
        return Telling(
            children=tuple(child for place, child in enumerate(self._children(data)) if place not in self.hidden),
            event=tuple(self._facts(data, leave=_CONTACTS)),
            contacts=tuple(dict.fromkeys(contacts)),
            authority=self.places.name(f"/agencies/{authority}", self.say.language) if authority else "",
        )

    def _children(self, data: Any) -> Iterator[OfChild]:
        one = getattr(data, "child", None)
        if one is not None:
            yield self._child(one, ())
        for item in getattr(data, "children", None) or ():
            if item.child is not None:
                yield self._child(item.child, self._facts(item, leave=_CONTACTS))

    def _child(self, child: Any, said: Iterable[Fact]) -> OfChild:
        details = [*self._facts(child, leave=frozenset({"education", "language"}))]
        for part in (child.education, child.language):
            if part is not None:
                details += self._facts(part)
        return OfChild(known_as(child), bool(child.shielded), tuple(details), tuple(said))

    def _facts(self, of: Any, *, leave: Iterable[str] = ()) -> Iterator[Fact]:
        whole = type(of).__name__.removesuffix("View")
        for name, value in _fields(of, LABELS.keys() - set(leave)):
            fact = self._fact(name, value, LABELS.get(f"{whole}.{name}", LABELS[name]))
            if fact is not None:
                yield fact

    def _fact(self, name: str, value: Any, label: str) -> Fact | None:
        label = self.say(label)
        if name == "names":
            others = [_written_name(each) for each in value]
            return Fact(label, items=tuple(others)) if len(others) > 1 else Fact(label, others[0])
        if _is_statement(value):
            return Fact(label, value.text, value.language or "")
        if name == "child_voice":
            return Fact(label, parts=tuple(self._voice(value)))
        if hasattr(value, "lines"):
            return Fact(label, items=_address(value)) if _address(value) else None
        if isinstance(value, str) and _UUID.fullmatch(value):
            return None
        if isinstance(value, tuple):
            return self._several(name, label, value)
        if hasattr(type(value), "model_fields"):
            parts = tuple(self._facts(value))
            return Fact(label, parts=parts) if parts else None
        return Fact(label, self._value(name, value))

    def _several(self, name: str, label: str, values: tuple[Any, ...]) -> Fact | None:
        if not values:
            return None
        if hasattr(type(values[0]), "model_fields"):
            return Fact(label, parts=tuple(Fact("", parts=tuple(self._facts(value))) for value in values))
        return Fact(label, items=tuple(self._value(name, value) for value in values))

    def _voice(self, voice: Any) -> Iterator[Fact]:
        """The child's own words are in the child's own language."""
        words = getattr(voice, "words", None)
        if words is not None:
            label = LABELS["words"]
            yield Fact(self.say(label), words, voice.language or "")
        yield from self._facts(voice, leave=["language", "status", "words"])

    def _contact(self, name: str, value: Any) -> Fact:
        return Fact(self.say(LABELS[name]), parts=tuple(self._facts(value, leave=["language"])))

    def _value(self, name: str, value: Any) -> str:
        say = self.say
        if isinstance(value, bool):
            return say("Yes") if value else say("No")
        if isinstance(value, datetime):
            return say.moment(value)
        if isinstance(value, date):
            return say.day(value)
        if name == "year_group":
            return _year_group(value, say)
        if name in _PARTIES:
            return self.places.name(value if value.startswith("/") else f"/agencies/{value}", say.language)
        if name in _SCHOOLS:
            return self.places.name(school_uri(value), say.language)
        if name == "first":
            return say.tongue(value)
        code = str(value.value) if isinstance(value, Enum) else str(value)
        text = CODES.get(f"{name}:{code}") or CODES.get(code)
        return say(text) if text is not None and not _is_free(name) else code


def _year_group(year: int, say: Speech) -> str:
    if year < 0:
        return say("Nursery")
    return say("Reception") if year == 0 else say("Year %(year)s", year=year)


def _is_free(name: str) -> bool:
    """Whether a field holds what somebody typed: a place called "Wales" is not a code."""
    return name in {"place", "name", "team", "role", "telephone", "email", "encompass_reference", "upn", "record"}


def _written_name(name: Any) -> str:
    return " ".join(part for part in (name.given, name.family) if part)


def _is_statement(value: Any) -> bool:
    return hasattr(value, "text") and hasattr(value, "language")


def _address(value: Any) -> tuple[str, ...]:
    return (*(value.lines or ()), *filter(None, [value.postcode]))


def _holders(data: Any) -> Iterator[Any]:
    """Where contacts stand: in the event, and beside a child."""
    yield data
    yield from getattr(data, "children", None) or ()


def _fields(of: Any, wanted: Iterable[str]) -> Iterator[tuple[str, Any]]:
    names: Mapping[str, Any] = type(of).model_fields
    for name in names:
        value = getattr(of, name)
        if name in wanted and name not in NOT_SHOWN and value is not None and value != ():
            yield name, value
