"""Says a text of the console in either language: English stands in the source, Welsh in `cy.po`; neither is missing."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

from hub.console.clock import WALES
from hub.observe.labels import Label, Language, reason
from hub.outcomes import iso_time

CATALOGUE = Path(__file__).parent / "cy.po"

LOCALES = {"cy": "cy", "en": "en_GB"}

_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Speech:
    """One of the two languages."""

    language: str
    translations: NullTranslations

    def __call__(self, text: str, **parts: object) -> str:
        """A text, with its parts filled in."""
        said = self.translations.gettext(text) if text else ""
        return said % parts if parts else said

    def many(self, one: str, more: str, number: int) -> str:
        """A text about a number of things; Welsh has five forms."""
        return self.translations.ngettext(one, more, number) % {"number": self.number(number)}

    def number(self, number: int) -> str:
        """For example `12,345`."""
        return format_decimal(number, locale=LOCALES[self.language])

    def moment(self, at_ms: int) -> str:
        """For example `27 Mar 2026, 08:12:05`, by the clocks of Wales."""
        return self._written(at_ms, "d MMM y, HH:mm:ss")

    def minute(self, at_ms: int) -> str:
        """For example `27 Mar 2026, 08:12`."""
        return self._written(at_ms, "d MMM y, HH:mm")

    def clock(self, at_ms: int) -> str:
        """For example `08:12`."""
        return self._written(at_ms, "HH:mm")

    def later(self, at_ms: int, than_ms: int) -> str:
        """A clock's time on the same day as another moment, and with the date on any other."""
        same = self._written(at_ms, "yMMdd") == self._written(than_ms, "yMMdd")
        return self.clock(at_ms) if same else self._written(at_ms, "d MMM, HH:mm")

    def day(self, at_ms: int) -> str:
        """For example `Friday 27 March 2026`."""
        return self._written(at_ms, "EEEE d MMMM y")

    def age(self, milliseconds: int) -> str:
        """How long something takes or is past, in the unit that a person would say."""
        left = abs(milliseconds)
        if left < _SECOND:
            return self("%(number)s ms", number=left)
        if left < 2 * _MINUTE:
            return self("%(number)s s", number=left // _SECOND)
        if left < 2 * _HOUR:
            return self("%(number)s min", number=left // _MINUTE)
        if left < 2 * _DAY:
            return self("%(number)s h", number=left // _HOUR)
        return self("%(number)s days", number=self.number(left // _DAY))

    def iso(self, at_ms: int) -> str:
        """For a program that reads the page."""
        return iso_time(at_ms)

    def reason(self, code: str) -> str:
        """What a reason code of a decision or a receipt means."""
        return reason(code, Language(self.language))

    def label(self, label: Label, **parts: object) -> str:
        """A text that the command line says too."""
        return label.say(Language(self.language), **parts)

    def _written(self, at_ms: int, form: str) -> str:
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        return format_datetime(at, form, tzinfo=WALES, locale=LOCALES[self.language])


@cache
def speech(language: str) -> Speech:
    """The console's words in Welsh (`cy`) or English (`en`)."""
    return Speech(language, _welsh() if language == "cy" else NullTranslations())


@cache
def _welsh() -> Translations:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="cy", abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
