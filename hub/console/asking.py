"""Decides what a search form asks for; what it can't make out is named by its field, and never repeated or recorded."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.registry import REGISTRY
from hub.console.clock import WALES
from hub.console.parties import Parties
from hub.outcomes import Outcome
from hub.store.asked import Asked, id_of
from hub.store.find import LARGEST_PAGE, PAGE, Cursor

OUTCOMES = tuple(outcome.value for outcome in Outcome)


@dataclass(frozen=True, slots=True)
class Form:
    """A search as it stands in the address."""

    id: str = ""
    recipient: str = ""
    source: str = ""
    type: str = ""
    outcome: str = ""
    unopened: str = ""
    since: str = ""
    until: str = ""
    before: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not any((self.id, self.recipient, self.source, self.type, self.outcome, self.since, self.until))


@dataclass(frozen=True, slots=True)
class Question:
    """What a form comes to."""

    asked: Asked
    before: Cursor | None
    problems: frozenset[str]
    """Fields that can't be made out: with one, nothing is looked for."""


def question(form: Form, parties: Parties) -> Question:
    """What a form asks for; a cursor that is none begins at the newest."""
    wrong: set[str] = set()
    found_id = id_of(form.id) if form.id.strip() else None
    if form.id.strip() and found_id is None:
        wrong.add("id")
    recipient = _party("recipient", form.recipient, parties, wrong)
    source = _party("source", form.source, parties, wrong)
    if form.type and form.type not in REGISTRY:
        wrong.add("type")
    if form.outcome and form.outcome not in OUTCOMES:
        wrong.add("outcome")
    since, until = (_moment(name, getattr(form, name), wrong) for name in ("since", "until"))
    asked = Asked(
        id=found_id,
        recipient=recipient,
        source=source,
        type=form.type or None,
        outcome=form.outcome or None,
        unopened=bool(form.unopened) and recipient is not None,
        since_ms=since,
        until_ms=until,
    )
    return Question(asked, Cursor.parse(form.before), frozenset(wrong))


def day_ms(text: str) -> int | None:
    """A moment as a form writes it, by the clocks of Wales; None where it is none."""
    try:
        local = datetime.fromisoformat(text)
        at = local if local.tzinfo is not None else local.replace(tzinfo=WALES)
        found = int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found < int(timedelta(days=365_000).total_seconds() * 1000) else None


def page_size(asked: str) -> int:
    """How many rows a page has: what is asked for, within reason."""
    if not (asked.isascii() and asked.isdigit()):
        return PAGE
    return max(1, min(int(asked[:10]), LARGEST_PAGE))


def _party(name: str, text: str, parties: Parties, wrong: set[str]) -> str | None:
    if not text.strip():
        return None
    found = parties.meant(text)
    if found is None:
        wrong.add(name)
    return found


def _moment(name: str, text: str, wrong: set[str]) -> int | None:
    if not text:
        return None
    found = day_ms(text)
    if found is None:
        wrong.add(name)
    return found
