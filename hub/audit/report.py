"""What an audit says: counts, violations with coordinates, and whether each agency's books balance; never a value."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.audit.codes import Code, Note

KEPT = 1000
"""Violations that are told one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is not as it has to be."""

    code: Code
    at: str
    """Coordinates of the record that is wrong, `topic/partition/offset`; of the inbound record where one is missing."""
    about: str = ""
    """Coordinates of the inbound record that it is about, where that is another."""
    detail: str = ""
    """A recipient, a field path, a code or a number; never what a field holds."""


@dataclass(slots=True)
class Account:
    """One agency's books."""

    due: int = 0
    """Notifications that it must have."""
    there: int = 0
    """Notifications on its topics."""
    receipts_due: int = 0
    receipts_there: int = 0

    def add(self, due: int, there: int, *, receipts: bool) -> None:
        """Enter notifications, or receipts."""
        if receipts:
            self.receipts_due += due
            self.receipts_there += there
        else:
            self.due += due
            self.there += there

    @property
    def balanced(self) -> bool:
        """Whether what is there adds up to what is due."""
        return (self.due, self.receipts_due) == (self.there, self.receipts_there)


@dataclass(slots=True)
class Report:
    """The outcome of one audit."""

    lanes: int = 0
    inbound: int = 0
    """Records on the inbound topics that the hub has read."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Ledger records by outcome, of those inbound records."""
    outputs: int = 0
    """Records on all outbound topics."""
    letters: int = 0
    counts: Counter[Code] = field(default_factory=Counter)
    """All violations."""
    violations: list[Violation] = field(default_factory=list)
    """The first `KEPT` of them."""
    notes: Counter[Note] = field(default_factory=Counter)
    accounts: dict[str, Account] = field(default_factory=dict)
    """By agency."""
    heads: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Length and last hash of each lane's chain: what a checkpoint can be held against."""

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.counts

    def found(self, code: Code, at: str, *, about: str = "", detail: str = "") -> None:
        """Take down a violation."""
        self.counts[code] += 1
        if len(self.violations) < KEPT:
            self.violations.append(Violation(code, at, about, detail))

    def account(self, agency: str) -> Account:
        """The books of an agency."""
        return self.accounts.setdefault(agency, Account())

    def document(self) -> Mapping[str, Any]:
        """The report as JSON has it."""
        return {
            "clean": self.clean,
            "lanes": self.lanes,
            "inbound": self.inbound,
            "outcomes": dict(sorted(self.outcomes.items())),
            "outputs": self.outputs,
            "dead_letters": self.letters,
            "counts": {code.code: self.counts[code] for code in Code if self.counts[code]},
            "violations": [
                {"code": v.code.code, "at": v.at, "about": v.about, "detail": v.detail} for v in self.violations
            ],
            "notes": {note.code: self.notes[note] for note in Note if self.notes[note]},
            "recipients": {
                agency: {
                    "due": books.due,
                    "there": books.there,
                    "receipts_due": books.receipts_due,
                    "receipts_there": books.receipts_there,
                }
                for agency, books in sorted(self.accounts.items())
            },
            "chains": {str(lane): {"length": head[0], "hash": head[1]} for lane, head in sorted(self.heads.items())},
        }
