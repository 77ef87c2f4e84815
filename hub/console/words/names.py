"""What the console calls its codes; each is a text of the catalogue."""

from contracts.access import Act
from contracts.topics import Family
from hub.console.rights import Role


def N_(text: str) -> str:  # noqa: N802 - gettext's name for a text that is said later
    """Mark a text for the catalogue."""
    return text


ROLES: dict[str, str] = {
    Role.VIEWER: N_("viewer"),
    Role.OPERATOR: N_("operator"),
    Role.APPROVER: N_("approver"),
    Role.AUDITOR: N_("auditor"),
}
"""By their names at the identity provider."""

FAMILIES: dict[str, str] = {
    Family.REFERRALS: N_("Reports"),
    Family.STRATEGY_DISCUSSIONS: N_("Strategy discussions"),
    Family.ENQUIRIES: N_("Section 47 enquiries"),
    Family.CONFERENCES: N_("Conferences"),
    Family.REGISTER_CHANGES: N_("Changes to the register"),
    Family.CIRCUMSTANCES: N_("Changes of circumstances"),
    Family.NOTICES: N_("Notices"),
    Family.RECEIPTS: N_("Receipts"),
}
"""Families of events; the table of flow has them by these names."""

ACTS: dict[str, str] = {
    Act.VIEWED: N_("viewed"),
    Act.SEARCHED: N_("searched"),
    Act.PRINTED: N_("printed"),
    Act.EXPORTED: N_("exported"),
    Act.SIGNED_IN: N_("signed in"),
    Act.CHANGED: N_("changed"),
    Act.REFUSED: N_("was refused"),
}
"""What access records say was done."""
