"""Decides what each role of the identity provider may see and do."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the console, as the identity provider says."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"


class Right(StrEnum):
    """What a page or an act asks of its reader."""

    SEE = "see"
    """Every page that shows ids, codes, times and counts."""
    READ_PAYLOAD = "read-payload"
    """What was sent, with a reason that is recorded."""
    PUT_RIGHT = "put-right"
    """Ask for a re-drive, set a letter aside."""
    APPROVE = "approve"
    """Agree to what somebody else asked for."""
    AUDIT = "audit"
    """Who looked at what."""


GRANTED: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.SEE}),
    Role.OPERATOR: frozenset({Right.SEE, Right.READ_PAYLOAD, Right.PUT_RIGHT}),
    Role.APPROVER: frozenset({Right.SEE, Right.APPROVE}),
    Role.AUDITOR: frozenset({Right.SEE, Right.AUDIT}),
}


def roles_of(claimed: Iterable[object]) -> tuple[Role, ...]:
    """The roles among what a provider lists, in our order; others mean nothing here."""
    listed = {each for each in claimed if isinstance(each, str)}
    return tuple(role for role in Role if role.value in listed)


def acting_as(roles: Iterable[Role], right: Right) -> Role | None:
    """The role by which somebody may do something; None: no role of theirs allows it."""
    return next((role for role in roles if right in GRANTED[role]), None)
