"""Says a text of the portal in either language: English stands in the source, Welsh in `cy.po`; neither is missing."""

import io
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from adapters.schools.clock import WALES

CATALOGUE = Path(__file__).parent / "cy.po"

LOCALES = {"cy": "cy", "en": "en_GB"}


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
        """A text about a number of things; Welsh has six forms."""
        return self.translations.ngettext(one, more, number) % {"number": number}

    def day(self, day: date) -> str:
        """For example `Friday 27 March 2026`."""
        return format_date(day, "EEEE d MMMM y", locale=LOCALES[self.language])

    def moment(self, at: datetime) -> str:
        """For example `Friday 27 March 2026, 08:30`, by the clocks of Wales."""
        local = at.astimezone(WALES)
        return format_datetime(local, "EEEE d MMMM y, HH:mm", tzinfo=WALES, locale=LOCALES[self.language])

    def short(self, at: datetime) -> str:
        """For example `27 Mar 2026, 08:30`."""
        return format_datetime(at, "d MMM y, HH:mm", tzinfo=WALES, locale=LOCALES[self.language])

    def tongue(self, tag: str) -> str:
        """A language by its tag, for example `Polish` for `pl`."""
        return str(Locale.parse(LOCALES[self.language]).languages.get(tag, tag))

    def clock(self, at: datetime) -> str:
        """For example `08:30`."""
        return format_time(at, "HH:mm", tzinfo=WALES, locale=LOCALES[self.language])


@cache
def speech(language: str) -> Speech:
    """The portal's words in Welsh (`cy`) or English (`en`)."""
    return Speech(language, _welsh() if language == "cy" else NullTranslations())


@cache
def _welsh() -> Translations:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="cy", abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
