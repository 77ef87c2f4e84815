"""Decides what a draft of the policy would change: archived events read anew by it and by the policy in force."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple

from contracts.directory import Directory
from contracts.envelope import Event
from contracts.network import Network
from hub.observe.archive import Window, archived, window
from hub.policy_file import Policy
from hub.record import Record
from hub.route import Decision, route
from hub.rules import Rules
from hub.settings import Settings
from hub.validate import Valid
from hub.verify import verify

MOST_EVENTS = 3
"""How many events are named for each change."""
NOT_LISTED = "not-listed"
"""The reason where no rule names a party at all."""


class What(StrEnum):
    """What would be otherwise for a party."""

    TOLD = "told"
    """It would be told, and is not."""
    NO_LONGER = "no-longer"
    """It is told, and would not be."""
    VIEW = "view"
    """It would be told with another view."""
    CONTENT = "content"
    """It would be told with the view of the same name, which shows something else."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, whatever the event."""

    what: What
    type: str
    recipient: str
    before: str
    """The view of today; empty where the party is not told."""
    after: str
    rule: str
    """By which it is told, or was."""
    reason: str
    """Why the party is not told, in the policy by which it is not; empty where both tell it."""


class Both(NamedTuple):
    """What two policies make of one event."""

    told_today: int
    told_by_draft: int
    changes: list[Change]


@dataclass(slots=True)
class Difference:
    """What two policies make of the same events."""

    today: str
    draft: str
    """Versions."""
    since_ms: int
    cut: bool
    """Whether there was more since the moment that was asked for than may be read."""
    read: int = 0
    events: int = 0
    """Of the records, those that the hub would take, each event once."""
    told_today: int = 0
    told_by_draft: int = 0
    changes: Counter[Change] = field(default_factory=Counter)
    examples: dict[Change, list[str]] = field(default_factory=dict)
    """Some events' ids for each change."""

    @property
    def same(self) -> bool:
        """Whether nobody would be told of anything otherwise."""
        return not self.changes

    def count(self, what: str) -> int:
        """How many notifications are changed in this way."""
        return sum(number for change, number in self.changes.items() if change.what == what)


async def difference(
    settings: Settings, rules: Rules, draft: Policy, *, since_ms: int, now_ms: int, most: int
) -> Difference:
    """Read the newest `most` records since a moment by today's policy and the draft; raises `Unavailable`."""
    seen = await window(settings, since_ms=since_ms, now_ms=now_ms, most=most)
    comparing = Comparing(rules, draft, seen)
    async for records in archived(settings, seen):
        comparing.take(records)
    return comparing.found


class Comparing:
    """Reads records by two policies and counts what differs; keeps ids alone."""

    def __init__(self, rules: Rules, draft: Policy, seen: Window) -> None:
        self.found = Difference(rules.policy.version, draft.version, seen.since_ms, seen.cut)
        self._rules, self._draft = rules, draft
        self._known: set[tuple[str, str]] = set()

    def take(self, records: Sequence[Record]) -> None:
        """Count what some records change."""
        self.found.read += len(records)
        for record in records:
            event = self._event(record)
            if event is not None:
                self._compare(event, datetime.fromtimestamp(record.timestamp / 1000, UTC).date())

    def _event(self, record: Record) -> Event | None:
        """The event, where the hub would take it and has not before."""
        signed = verify(record, self._rules.keyring, self._rules.redrive_key)
        checked = self._rules.validator.validate(record, signer=signed.agency, fault=signed.fault)
        if not isinstance(checked, Valid):
            return None
        identity = checked.event.source, checked.event.id
        if identity in self._known:
            return None
        self._known.add(identity)
        return checked.event

    def _compare(self, event: Event, on: date) -> None:
        own = self._rules
        both = both_policies(event, own.policy, self._draft, directory=own.directory, network=own.network, on=on)
        self.found.events += 1
        self.found.told_today += both.told_today
        self.found.told_by_draft += both.told_by_draft
        for change in both.changes:
            self.found.changes[change] += 1
            named = self.found.examples.setdefault(change, [])
            if len(named) < MOST_EVENTS:
                named.append(event.id)


def both_policies(
    event: Event, today: Policy, draft: Policy, *, directory: Directory, network: Network, on: date
) -> Both:
    """What two policies make of one event that reached the broker on a day."""
    before, after = (
        {each.recipient: each for each in route(event, policy=policy, directory=directory, network=network, on=on)}
        for policy in (today, draft)
    )
    changes = []
    for party in sorted(before.keys() | after.keys()):
        was, would = before.get(party), after.get(party)
        what = _what(was, would, today, draft)
        if what is not None:
            changes.append(_change(what, event.type, party, was, would))
    told_today, told_by_draft = (sum(each.told for each in decided.values()) for decided in (before, after))
    return Both(told_today, told_by_draft, changes)


def _what(was: Decision | None, would: Decision | None, today: Policy, draft: Policy) -> What | None:
    if was is None or not was.told:
        return What.TOLD if would is not None and would.told else None
    if would is None or not would.told:
        return What.NO_LONGER
    if was.view != would.view:
        return What.VIEW
    return None if today.views[was.view] == draft.views[would.view] else What.CONTENT


def _change(what: What, event_type: str, party: str, was: Decision | None, would: Decision | None) -> Change:
    telling, other = (was, would) if what is What.NO_LONGER else (would, was)
    assert telling is not None  # noqa: S101 - one of the two tells the party
    reason = "" if what in (What.VIEW, What.CONTENT) else NOT_LISTED if other is None else other.reason
    views = (was.view if was is not None else "", would.view if would is not None else "")
    return Change(what, event_type, party, *views, telling.rule, reason)
