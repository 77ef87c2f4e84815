"""Who is asked to a meeting, who came and who did not: shared by strategy discussions, conferences and core groups."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.base import Contract
from contracts.kinds import Kind
from contracts.lists import OneTo
from contracts.parties import PartyUri
from contracts.people import RecordPointer
from contracts.rules import Rule, broken
from contracts.text import Line, Statement

Manner = Literal["telephone", "video", "in-person", "hybrid"]


class Invitation(Contract):
    """One party that is asked to take part, and why."""

    party: PartyUri
    kind: Kind
    because: Literal[
        "minimum-attendance",
        "made-the-report",
        "knows-the-child",
        "knows-the-family",
        "childs-school",
        "childs-health",
        "expertise",
        "core-group",
        "receiving-authority",
        "other",
    ]


class Attendee(Contract):
    """One party that took part."""

    party: PartyUri
    kind: Kind
    role: Line
    may_decide: bool
    """Attendees must be authorised to decide for their agency."""


class Absentee(Contract):
    """One party that was asked and did not come."""

    party: PartyUri
    kind: Kind
    reason: Literal[
        "not-available", "no-notice", "sent-a-report-instead", "school-holiday", "conflict-of-interest", "no-reply",
        "other",
    ]  # fmt: skip
    explanation: Statement | None = None


class Task(Contract):
    """One thing decided: what, by whom, by when."""

    what: Statement
    who: PartyUri
    due: date | None = None


class Copy(Contract):
    """The chair decides who is given a full copy of a record and who a partial one."""

    party: PartyUri
    extent: Literal["full", "partial"]
    record: RecordPointer


Invitations = Annotated[tuple[Invitation, ...], OneTo(40)]
Attendees = Annotated[tuple[Attendee, ...], OneTo(40)]
Absentees = Annotated[tuple[Absentee, ...], Field(max_length=40)]
Tasks = Annotated[tuple[Task, ...], Field(max_length=40)]
Copies = Annotated[tuple[Copy, ...], OneTo(40)]

QUORUM = frozenset({Kind.SOCIAL_SERVICES, Kind.POLICE})
"""The minimum of a strategy discussion in Wales (WSP c3pt1-p8); health is not in it, as it is in England."""


def check_quorum(parties: Iterable[Invitation | Attendee]) -> None:
    """Refuse a strategy discussion without social services and police."""
    if not QUORUM.issubset(party.kind for party in parties):
        raise broken(Rule.QUORUM)
