"""Decides to which addresses pointers go: the designated people of a party, or the out-of-hours contact of a desk."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.places import Places
from adapters.schools.settings import SchoolsSettings
from adapters.schools.store import people
from contracts.parties import agency_of

Addresses = list[tuple[str, str]]
"""Each with the language that comes first."""


@dataclass(frozen=True, slots=True)
class Addressing:
    """Who is where."""

    settings: SchoolsSettings
    places: Places

    async def designated(self, connection: AsyncConnection, party: str) -> Addresses:
        """The designated people of a school, or of an education desk."""
        place = self.places.of(party)
        found: Addresses = []
        for row in await people.designated(connection, party):
            language = row.language or (place.language if place else "cy")
            found += self._of(row.email, row.mobile, language)
        return found

    def out_of_hours(self, desk: str) -> Addresses:
        """The contact of an education desk, where its authority has named one."""
        contact = self.settings.out_of_hours.get(agency_of(desk))
        return self._of(contact.email, contact.mobile, "cy") if contact else []

    def _of(self, email: str | None, mobile: str | None, language: str) -> Addresses:
        mail = self.settings.mail
        if mail is None:
            return []
        texted = f"{mobile}@{mail.text_gateway}" if mobile and mail.text_gateway else None
        return [(address, language) for address in (email, texted) if address]
