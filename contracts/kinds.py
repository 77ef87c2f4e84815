"""Kinds of organisation: what decides which families an agency may publish and which view it is given."""

from enum import StrEnum


class Kind(StrEnum):
    """The roles of the Wales Safeguarding Procedures."""

    SOCIAL_SERVICES = "social-services"
    EDUCATION = "education"
    """A local authority's education desk: home-educated children, school holidays, schools that cannot be reached."""
    POLICE = "police"
    HEALTH = "health"
    """Local health boards and NHS trusts."""
    PROBATION = "probation"
    """Probation and youth justice."""
    SCHOOLS = "schools"
    THIRD_SECTOR = "third-sector"


EVERY_AGENCY = frozenset(Kind)
"""Whoever learns of it says it."""

SOCIAL_SERVICES_ALONE = frozenset({Kind.SOCIAL_SERVICES})
"""Decisions and records of the local authority that is responsible for the child."""

POLICE_ALONE = frozenset({Kind.POLICE})

HUB_ALONE: frozenset[Kind] = frozenset()
"""No organisation may send it."""
