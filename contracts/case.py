"""What every event about a child's case carries: the authority it belongs to, who takes part, who must not be told."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.base import Contract
from contracts.envelope import Event
from contracts.lists import OneTo
from contracts.parties import AuthorityId, PartyUri
from contracts.people import Child, TeamContact
from contracts.rules import Rule, broken
from contracts.sharing import Sharing

MAX_CHILDREN = 20
"""Children of one family in one event."""

Parties = Annotated[tuple[PartyUri, ...], Field(max_length=40)]


class CaseData(Contract):
    """The part of `data` that says whose case it is."""

    responsible_authority: Annotated[AuthorityId, Sharing.CASE]
    """The social services that own the case or, for a report, in whose area the concern occurred."""
    participants: Annotated[Parties, Sharing.CASE] = ()
    """Parties named as taking part: invited, attending, in the core group."""
    conflicts_of_interest: Annotated[Parties, Sharing.CASE] = ()
    """Parties that must not be told, for example the employer of a practitioner against whom an allegation is made."""
    contact: Annotated[TeamContact | None, Sharing.CONTACT] = None


class AboutOneChild(CaseData):
    """Data about one child."""

    child: Child


class ChildItem(Contract):
    """One child in an event about several; all about the child hangs below, so that a list can be cut to one."""

    child: Child


class AboutChildren(CaseData):
    """Data about one or more children of a family. Each type narrows the items."""

    children: Annotated[tuple[ChildItem, ...], OneTo(MAX_CHILDREN)]


class ChildEvent(Event):
    """An event about one child, who is its subject."""

    data: AboutOneChild

    @model_validator(mode="after")
    def _is_about_its_subject(self) -> Self:
        if self.data.child.reference != self.subject:
            raise broken(Rule.SUBJECT)
        check_conflicts(self.data)
        return self


class ChildrenEvent(Event):
    """An event about several children of a family, one of whom is its subject."""

    data: AboutChildren

    @model_validator(mode="after")
    def _is_about_its_subject(self) -> Self:
        references = [item.child.reference for item in self.data.children]
        if self.subject not in references:
            raise broken(Rule.SUBJECT)
        if len(references) > 1 and len(set(references)) != len(references):
            raise broken(Rule.CHILD_TWICE)
        check_conflicts(self.data)
        return self


def check_conflicts(data: CaseData) -> None:
    """Refuse data that names a party both as taking part and as not to be told."""
    if data.conflicts_of_interest and not set(data.conflicts_of_interest).isdisjoint(data.participants):
        raise broken(Rule.CONFLICT_TAKES_PART)


def check_participants(data: CaseData, parties: Iterable[PartyUri]) -> None:
    """Refuse data that names somebody as taking part whom `participants`, by which the hub routes, leaves out."""
    if not set(data.participants).issuperset(parties):
        raise broken(Rule.NOT_AMONG_PARTICIPANTS)
