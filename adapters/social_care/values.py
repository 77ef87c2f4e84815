"""How single values are written in the case system and in an event: dates, times, codes, organisations, references."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from adapters.sdk.declaration import NotTranslated

Json = Any
"""What JSON has: None, bool, int, float, str, list, dict."""

LONDON = ZoneInfo("Europe/London")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?\Z"
)
_SCHOOL = re.compile(r"([0-9]{3})/([0-9]{4})\Z")
_PARTY = re.compile(r"/(agencies/[a-z][a-z0-9-]{0,63}|schools/[0-9]{7}|hub)\Z")
_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})\Z")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z")

AGENCY = "/agencies/"
SCHOOL = "/schools/"


class References(Protocol):
    """Who knows which UUID stands for which person or record of the case system."""

    def person(self, number: str) -> str:
        """The hub's reference of a person."""
        ...

    def record(self, kind: str, number: str, version: int) -> str:
        """The id of the event that a record made."""
        ...

    def native_person(self, reference: str) -> Json:
        """How the case system is told of a person by a reference."""
        ...

    def native_record(self, kind: str, event_id: str) -> Json:
        """How the case system is told of a record by the id of its event."""
        ...


class Value(Protocol):
    """One way to write a value."""

    def to_event(self, value: Json, at: str, references: References) -> Json:
        """As the contract has it; raises NotTranslated with the path `at`."""
        ...

    def to_native(self, value: Json, references: References) -> Json:
        """As the case system has it; never fails on what the contract lets through."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """Written alike on both sides, after a little tidying of what the case system has."""

    form: type[str] | type[int]
    tidy: Callable[[str], str] = str
    show: Callable[[str], str] = str

    def to_event(self, value: Json, at: str, references: References) -> Json:
        if self.form is str:
            return self.tidy(text(value, at))
        if not isinstance(value, int) or isinstance(value, bool):
            raise NotTranslated("not-a-number", path=at, remedy="write a whole number")
        return value

    def to_native(self, value: Json, references: References) -> Json:
        return self.show(value) if self.form is str else value


@dataclass(frozen=True, slots=True)
class Day:
    """A date."""

    def to_event(self, value: Json, at: str, references: References) -> Json:
        written = text(value, at)
        try:
            if _DAY.match(written):
                return date.fromisoformat(written).isoformat()
        except ValueError:
            pass
        raise NotTranslated("not-a-date", path=at, remedy="write a day of the calendar as in 2026-04-20")

    def to_native(self, value: Json, references: References) -> Json:
        return value


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A point in time, on the clock of Cardiff where no offset is written.

    In the hour that comes twice in October the first of the two is taken: a deadline then falls an hour early rather
    than late. The case system writes an offset where it means the second.
    """

    def to_event(self, value: Json, at: str, references: References) -> Json:
        written = text(value, at)
        try:
            if _TIME.match(written):
                return _moment(written, at).isoformat()
        except (ValueError, OverflowError):
            pass
        raise NotTranslated(
            "not-a-time", path=at, remedy="write local time as in 2026-04-20T10:00:00, or add the offset"
        )

    def to_native(self, value: Json, references: References) -> Json:
        try:
            moment = datetime.fromisoformat(value).astimezone(LONDON)
        except OverflowError:  # the first hour of the year 1, the last of 9999
            return value
        return (moment if moment.fold else moment.replace(tzinfo=None)).isoformat()


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes or no, in the case system's words or as JSON has it."""

    yes: str
    no: str

    def to_event(self, value: Json, at: str, references: References) -> Json:
        if isinstance(value, bool):
            return value
        if value in (self.yes, self.no):
            return bool(value == self.yes)
        raise NotTranslated("not-yes-or-no", path=at, remedy=f"write {self.yes} or {self.no}, or true or false")

    def to_native(self, value: Json, references: References) -> Json:
        return self.yes if value else self.no


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a list; of several words for one code, the first is written."""

    table: str
    """Of the mapping file, for the remedy."""
    codes: Mapping[str, str]
    tags: bool = False
    """A language by its BCP 47 tag is understood too."""
    _words: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_words", {code: word for word, code in reversed(tuple(self.codes.items()))})

    def to_event(self, value: Json, at: str, references: References) -> Json:
        word = text(value, at)
        code = self.codes.get(word)
        if code is None and self.tags and _TAG.match(word):
            return word
        if code is None:
            raise NotTranslated(
                "unknown-code",
                path=at,
                remedy=f"use a word of [words.{self.table}] of the mapping file: {', '.join(self.codes)}",
            )
        return code

    def to_native(self, value: Json, references: References) -> Json:
        return self._words.get(value, value)


@dataclass(frozen=True, slots=True)
class Organisation:
    """An agency or school by the case system's name for it."""

    organisations: Mapping[str, str]
    before: str = ""
    """What stands before the id in the case system's escape and not in the contract's: `/agencies/` or `/schools/`."""
    _names: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", {id_: name for name, id_ in reversed(tuple(self.organisations.items()))})

    def to_event(self, value: Json, at: str, references: References) -> Json:
        name = text(value, at)
        if name in self.organisations:
            party = AGENCY + self.organisations[name]
        elif school := _SCHOOL.match(name):
            party = SCHOOL + school[1] + school[2]
        elif _PARTY.match(name):
            party = name
        else:
            raise NotTranslated(
                "unknown-organisation",
                path=at,
                remedy="add it to [organisations] of the mapping file, or write a school's number as in 681/2003",
            )
        if not party.startswith(self.before):
            wanted = "school" if self.before == SCHOOL else "agency"
            raise NotTranslated("wrong-organisation", path=at, remedy=f"name the {wanted} that is meant here")
        return party.removeprefix(self.before) if self.before else party

    def to_native(self, value: Json, references: References) -> Json:
        party = self.before + value
        if party.startswith(SCHOOL):
            return f"{party[9:12]}/{party[12:]}"
        return self._names.get(party.removeprefix(AGENCY), party)


@dataclass(frozen=True, slots=True)
class Text:
    """What somebody wrote: a plain string in the usual language, or the text with its language."""

    default: str
    languages: Code

    def to_event(self, value: Json, at: str, references: References) -> Json:
        if isinstance(value, str):
            return {"text": value, "language": self.default}
        if not isinstance(value, dict) or value.keys() != {"text", "language"}:
            raise NotTranslated("not-text", path=at, remedy="write a text, or an object with text and language")
        return {
            "text": text(value["text"], f"{at}.text"),
            "language": self.languages.to_event(value["language"], f"{at}.language", references),
        }

    def to_native(self, value: Json, references: References) -> Json:
        if value.get("language") == self.default and "text" in value:
            return value["text"]
        return {
            name: self.languages.to_native(said, references) if name == "language" else said
            for name, said in value.items()
        }


@dataclass(frozen=True, slots=True)
class Person:
    """A person by the case system's own number."""

    def to_event(self, value: Json, at: str, references: References) -> Json:
        return references.person(number(value, at))

    def to_native(self, value: Json, references: References) -> Json:
        return references.native_person(value)


@dataclass(frozen=True, slots=True)
class Record:
    """A record that made an event: by the case system's own number, or another agency's by the event's id."""

    kind: str

    def to_event(self, value: Json, at: str, references: References) -> Json:
        if isinstance(value, dict) and value.keys() == {"hub_event"}:
            return uuid(value["hub_event"], f"{at}.hub_event")
        if isinstance(value, dict) and value.keys() == {"record_id", "version"}:
            version = value["version"]
            if not isinstance(version, int) or isinstance(version, bool) or version < 1:
                raise NotTranslated("not-a-number", path=f"{at}.version", remedy="write a whole number from 1")
            return references.record(self.kind, number(value["record_id"], f"{at}.record_id"), version)
        if isinstance(value, dict):
            raise NotTranslated(
                "not-a-reference", path=at, remedy="write a record's number, {record_id, version} or {hub_event}"
            )
        return references.record(self.kind, number(value, at), 1)

    def to_native(self, value: Json, references: References) -> Json:
        return references.native_record(self.kind, value)


@dataclass(frozen=True, slots=True)
class HubId:
    """An id of the hub's, as it was told."""

    def to_event(self, value: Json, at: str, references: References) -> Json:
        return uuid(value, at)

    def to_native(self, value: Json, references: References) -> Json:
        return value


def text(value: Json, at: str) -> str:
    """A string; raises NotTranslated."""
    if not isinstance(value, str):
        raise NotTranslated("not-text", path=at, remedy="write a string")
    return value


def number(value: Json, at: str) -> str:
    """A number of the case system's own: up to 64 characters, a JSON integer or a string; raises NotTranslated."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**18 else ""
    if not isinstance(value, str) or not 0 < len(value) <= 64 or not value.isprintable() or value != value.strip():
        raise NotTranslated("not-an-id", path=at, remedy="write the number of the person or record, 1 to 64 characters")
    return value


def uuid(value: Json, at: str) -> str:
    """A UUID in its one spelling; raises NotTranslated."""
    if not isinstance(value, str) or not _UUID.match(value):
        raise NotTranslated("not-a-hub-id", path=at, remedy="copy the id that came with the notification, lower case")
    return value


def without_spaces(written: str) -> str:
    """An NHS number as it is stored, from how it is shown."""
    return written.replace(" ", "")


def three_three_four(stored: str) -> str:
    """An NHS number as it is shown."""
    return f"{stored[:3]} {stored[3:6]} {stored[6:]}"


def postcode(written: str) -> str:
    """Upper case, one space; anything else is left for the contract to refuse."""
    found = _POSTCODE.match("".join(written.split()).upper())
    return f"{found[1]} {found[2]}" if found else written


def _moment(written: str, at: str) -> datetime:
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is not None:
        return moment
    local = moment.replace(tzinfo=LONDON)
    if local.astimezone(ZoneInfo("UTC")).astimezone(LONDON).replace(tzinfo=None) != moment:
        raise NotTranslated(
            "no-such-time", path=at, remedy="the clocks went forward over this hour; write a time that there was"
        )
    return local
