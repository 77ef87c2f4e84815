"""Decides who is told of an event and who is not, and by which rule: pure, and never anybody the policy doesn't list.

Rules are applied in the file's order. For each recipient the first rule that names it and fits it decides, whether it
says yes or is stopped: a later rule can't tell somebody whom an earlier one stops. A rule that doesn't fit (a condition
that doesn't hold, no child on the school's roll, another kind) is passed over, and its reason is kept only where no
later rule decides.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from orjson import dumps

from contracts.directory import Directory
from contracts.envelope import Event
from contracts.network import Network
from hub.policy_file import Policy
from hub.policy_rules import Rule
from hub.relations import Facts

ENTITLED = "entitled"
IS_SENDER = "is-sender"
CONFLICT = "conflict-of-interest"
SHIELDED = "shielded"
NOT_IN_NETWORK = "not-in-network"
AGREEMENT_NOT_STARTED = "agreement-not-started"
AGREEMENT_LAPSED = "agreement-lapsed"
NOT_CALLED_FOR = "not-called-for"
NOT_ON_ROLL = "not-on-roll"
KIND_NOT_LISTED = "kind-not-listed"
NO_SUCH_RELATION = "no-such-relation"

REASONS = frozenset(
    {
        ENTITLED,
        IS_SENDER,
        CONFLICT,
        SHIELDED,
        NOT_IN_NETWORK,
        AGREEMENT_NOT_STARTED,
        AGREEMENT_LAPSED,
        NOT_CALLED_FOR,
        NOT_ON_ROLL,
        KIND_NOT_LISTED,
        NO_SUCH_RELATION,
    }
)
"""Every reason code; hub/observe/labels.py says what they mean, in both languages."""

PASSED_OVER = frozenset({NOT_CALLED_FOR, NOT_ON_ROLL, KIND_NOT_LISTED})
"""Reasons for which a rule isn't about a party that it names: a later one may be."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one party is told, and why."""

    recipient: str
    """Party URI, or `relation:<name>` where the relation named nobody."""
    told: bool
    relation: str
    rule: str
    """`<file>#<id>`."""
    basis: str
    agreement: str
    view: str
    """Name of the view; empty when not told."""
    reason: str
    """One of `REASONS`."""
    in_ledger: bytes = field(init=False, compare=False, repr=False)
    """The JSON of the above, open at its end: the same words are written of thousands of events."""
    in_receipt: bytes = field(init=False, compare=False, repr=False)
    """What the sender's receipt says of it, open at its end where the party is told."""
    in_notification: bytes = field(init=False, compare=False, repr=False)
    """What the party's notification says of it, without braces."""

    def __post_init__(self) -> None:
        """Write what is to be written."""
        names = ("recipient", "told", "relation", "rule", "basis", "agreement", "view", "reason")
        written = dumps({name: getattr(self, name) for name in names})[:-1]
        shown = dumps({"recipient": self.recipient, "view": self.view})
        short = shown[:-1] if self.told else dumps({"recipient": self.recipient, "reason": self.reason})
        object.__setattr__(self, "in_ledger", written)
        object.__setattr__(self, "in_receipt", short)
        object.__setattr__(self, "in_notification", shown[1:-1])


def route(event: Event, *, policy: Policy, directory: Directory, network: Network, on: date) -> tuple[Decision, ...]:
    """Who is told of `event`; `on` is the UTC date of its broker timestamp. At most one decision for each party."""
    listed = policy.types.get(event.type)
    if listed is None:
        return ()
    facts = Facts(event.source, event.data, listed.children, directory=directory, network=network)
    decided: dict[str, Decision] = {}
    passed_over: dict[str, Decision] = {}
    for rule in listed.rules:
        parties = rule.relation.parties(facts)
        if not parties and rule.relation.expected:
            nobody = f"relation:{rule.relation.name}"
            decided.setdefault(nobody, _decision(rule, nobody, NO_SUCH_RELATION))
        for party in parties:
            if party not in decided:
                decision = _decide(rule, party, facts, on)
                if decision.reason not in PASSED_OVER:
                    decided[party] = decision
                elif party not in passed_over or passed_over[party].reason == KIND_NOT_LISTED:
                    passed_over[party] = decision  # that a rule is about other kinds says least
    return tuple((passed_over | decided).values())


def _decide(rule: Rule, party: str, facts: Facts, on: date) -> Decision:
    """What one rule says of one party that it names."""
    kind = facts.network.kinds.get(party)
    view = rule.views.get(kind or "")
    if rule.when is not None and not rule.when(facts.data):
        return _decision(rule, party, NOT_CALLED_FOR)
    if kind is not None and view is None:
        return _decision(rule, party, KIND_NOT_LISTED)
    if rule.by_roll and party not in facts.schools and party.startswith("/schools/"):
        return _decision(rule, party, NOT_ON_ROLL)
    if party == facts.source:
        return _decision(rule, party, IS_SENDER)
    if party in facts.conflicts:
        return _decision(rule, party, CONFLICT)
    if rule.unless_shielded and any(child.shielded for child in facts.children):
        return _decision(rule, party, SHIELDED)
    if on > rule.agreement.ends:
        return _decision(rule, party, AGREEMENT_LAPSED)
    if on < rule.agreement.starts:
        return _decision(rule, party, AGREEMENT_NOT_STARTED)
    if kind is None or view is None:
        return _decision(rule, party, NOT_IN_NETWORK)
    return _decision(rule, party, ENTITLED, view)


@lru_cache(maxsize=16_384)
def _decision(rule: Rule, recipient: str, reason: str, view: str = "") -> Decision:
    # Remembered: the same few parties are named by the same rules all day, and a frozen object is slow to make.
    return Decision(
        recipient=recipient,
        told=reason == ENTITLED,
        relation=rule.relation.name,
        rule=rule.id,
        basis=rule.basis,
        agreement=rule.agreement.id,
        view=view,
        reason=reason,
    )
