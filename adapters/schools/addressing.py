"""Decides to which addresses pointers go: the designated people of a party, or the out-of-hours contact of a desk."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.places import Places
from adapters.schools.pointing import Address
from adapters.schools.settings import SchoolsSettings
from adapters.schools.store import people
from contracts.parties import agency_of, agency_uri


@dataclass(frozen=True, slots=True)
class Addressing:
    """Who is where."""

    settings: SchoolsSettings
    places: Places

    async def designated(self, connection: AsyncConnection, party: str) -> list[Address]:
        """The designated people of a school, or of an education desk."""
        place = self.places.of(party)
        found: list[Address] = []
        for row in await people.designated(connection, party):
            language = row.language or (place.language if place else "cy")
            found += self._of(row.email, row.mobile, language, person=row.id)
        return found

    def out_of_hours(self, desk: str) -> list[Address]:
        """The contact of an education desk, where its authority has named one."""
        contact = self.settings.out_of_hours.get(agency_of(desk))
        return self._of(contact.email, contact.mobile, "cy") if contact else []

    def contacts(self) -> frozenset[str]:
        """Where the out-of-hours contacts of all desks are."""
        named = (address for agency in self.settings.out_of_hours for address in self.out_of_hours(agency_uri(agency)))
        return frozenset(address.where for address in named)

    def _of(self, email: str | None, mobile: str | None, language: str, *, person: str | None = None) -> list[Address]:
        mail = self.settings.mail
        if mail is None:
            return []
        texted = f"{mobile}@{mail.text_gateway}" if mobile and mail.text_gateway else None
        return [Address(where, language, person) for where in (email, texted) if where]
