"""Who works with notifications, and how each is called in a receipt."""

from enum import StrEnum

from adapters.schools.words.marks import N_


class Role(StrEnum):
    """What a person is at a school or an education desk."""

    DSP = "dsp"
    """Designated safeguarding person."""
    DEPUTY = "deputy"
    """Deputy designated safeguarding person."""
    HEAD = "head"
    """Head teacher; shut out of a child's thread in which the school has a conflict of interest."""
    DESK = "desk"
    """The authority's education desk."""


SCHOOL_ROLES = frozenset({Role.DSP, Role.DEPUTY, Role.HEAD})

TITLES = {
    Role.DSP: N_("designated safeguarding person"),
    Role.DEPUTY: N_("deputy designated safeguarding person"),
    Role.HEAD: N_("head teacher"),
    Role.DESK: N_("education desk"),
}
"""As receipts and pages name them, in English; the catalogue has the Welsh."""
