"""Parties: who sends and who is told, as CloudEvents `source` and recipient URIs."""

from enum import Enum
from typing import Annotated

from pydantic import StringConstraints

SCHOOLS = "schools"
"""The agency that stands for all schools: they share its topics, its adapter and its key."""

HUB = "/hub"
"""The hub itself, as the source of receipts."""


class Names(Enum):
    """What a field names: the hub refuses an event that names what its directory doesn't hold."""

    AGENCY = "agency"
    SOCIAL_SERVICES = "social-services"
    PARTY = "party"
    SCHOOL = "school"


AgencyId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64), Names.AGENCY]
"""An organisation of the directory, for example `cardiff-social-services`."""

AuthorityId = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64), Names.SOCIAL_SERVICES
]
"""The social services of a local authority, for example `cardiff-social-services`."""

PartyUri = Annotated[
    str,
    StringConstraints(pattern=r"^(/hub|/schools/[0-9]{7}|/agencies/[a-z][a-z0-9]*(-[a-z0-9]+)*)$", max_length=80),
    Names.PARTY,
]
"""`/agencies/<agency id>`, `/schools/<school number>` or `/hub`."""


def agency_uri(agency: str) -> str:
    """The party that an agency is."""
    return f"/agencies/{agency}"


def school_uri(number: str) -> str:
    """The party that a school is, by its seven-digit school number."""
    return f"/schools/{number}"


def agency_of(party: str) -> str:
    """The agency that speaks and reads for a party: `schools` for every school, `hub` for the hub."""
    if party.startswith("/schools/"):
        return SCHOOLS
    return party.rpartition("/")[2]


def school_of(party: str) -> str | None:
    """The school number of a party, where the party is a school."""
    return party[len("/schools/") :] if party.startswith("/schools/") else None
