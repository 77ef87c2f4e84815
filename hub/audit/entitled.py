"""Decides who is told of an event and who is not, party by party: the first line that fits a party counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import reduce
from typing import NamedTuple

from contracts.envelope import Event
from hub.audit.policy import Rule
from hub.audit.relations import Case
from hub.audit.standing import Standing


class Decision(NamedTuple):
    """Whether a party is told, and why; as the ledger has it."""

    recipient: str
    told: bool
    relation: str
    rule: str
    basis: str
    agreement: str
    view: str
    reason: str


NOBODY = "no-such-relation"
OTHERS = "kind-not-listed"
_NOT_ABOUT = frozenset({"not-called-for", "not-on-roll", OTHERS})
"""The line is not about the party: a later one may be."""


@dataclass(frozen=True)
class _Asked:
    """One event, put to the tables."""

    event: Event
    case: Case
    standing: Standing
    on: date
    """The UTC date of its broker time."""


def entitled(event: Event, case: Case, standing: Standing, *, time_ms: int) -> Mapping[str, Decision]:
    """The decision on every party that a line names, by party; `relation:<word>` where a word named nobody."""
    asked = _Asked(event, case, standing, datetime.fromtimestamp(time_ms / 1000, UTC).date())
    rules = standing.policy.rules.get(event.type, ())
    named = [(rule, case.named(rule.word)) for rule in rules]
    found = {}
    for party in dict.fromkeys(party for _, parties in named for party in parties):
        found[party] = _of_party(party, asked, [rule for rule, parties in named if party in parties])
    for rule, parties in reversed(named):
        if not parties and rule.word.expected:
            nobody = f"relation:{rule.relation}"
            found[nobody] = _decision(rule, nobody, NOBODY)
    return found


def _of_party(party: str, asked: _Asked, rules: list[Rule]) -> Decision:
    passed = []
    for decision in _by_rule(party, asked, rules):
        if decision.reason not in _NOT_ABOUT:
            return decision
        passed.append(decision)
    # Of the lines that are not about it the first is told, but one that is about other kinds only if all are.
    return next((decision for decision in passed if decision.reason != OTHERS), passed[-1])


def _by_rule(party: str, asked: _Asked, rules: list[Rule]) -> Iterator[Decision]:
    for rule in rules:
        reason = next(_reasons(party, asked, rule), "entitled")
        line = _view(party, asked, rule) if reason == "entitled" else ""
        yield _decision(rule, party, reason, line)


def _reasons(party: str, asked: _Asked, rule: Rule) -> Iterator[str]:
    """Why not, the weightiest first."""
    case = asked.case
    takes_part = party in case.parties
    if rule.when and not reduce(getattr, rule.when, asked.event):
        yield "not-called-for"
    if takes_part and not _view(party, asked, rule):
        yield OTHERS
    if party.startswith("/schools/") and party not in case.schools and _by_roll(asked, rule):
        yield "not-on-roll"
    if party == case.source:
        yield "is-sender"
    if party in case.conflicts:
        yield "conflict-of-interest"
    if rule.unless_shielded and case.shielded:
        yield "shielded"
    if asked.on > rule.ends:
        yield "agreement-lapsed"
    if asked.on < rule.starts:
        yield "agreement-not-started"
    if not takes_part:
        yield "not-in-network"


def _view(party: str, asked: _Asked, rule: Rule) -> str:
    kind = "schools" if party.startswith("/schools/") else asked.case.kinds.get(party.removeprefix("/agencies/"), "")
    line = asked.standing.policy.lines.get((asked.event.type, rule.id, kind))
    return line.view if line else ""


def _by_roll(asked: _Asked, rule: Rule) -> bool:
    """Whether the rule tells a school of its own pupils alone."""
    policy = asked.standing.policy
    line = policy.lines.get((asked.event.type, rule.id, "schools"))
    return line is not None and policy.views[line.view].own_roll


def _decision(rule: Rule, party: str, reason: str, view: str = "") -> Decision:
    return Decision(party, reason == "entitled", rule.relation, rule.id, rule.basis, rule.agreement, view, reason)
