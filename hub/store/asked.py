"""Decides what a search asks for: ids by their form, and what events are; never a name."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TRACE = re.compile(r"[0-9a-f]{32}")
_RECORD = re.compile(r"([a-z0-9.-]{1,160})/([0-9]{1,4})/([0-9]{1,18})")


class IdForm(StrEnum):
    """What an id looks like."""

    UUID = "uuid"
    """An event, a notification, an episode, or the sender's reference of the child."""
    TRACE = "trace"
    """A W3C trace."""
    RECORD = "record"
    """The coordinates of an inbound record, as dead letters and receipts give them."""


class Id(NamedTuple):
    """An id and its form."""

    form: IdForm
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: all that is given has to fit. Times are broker times, the end exclusive."""

    id: Id | None = None
    recipient: str | None = None
    """A party that was told: `/agencies/…` or `/schools/…`."""
    source: str | None = None
    """The sender, as the event names it."""
    type: str | None = None
    outcome: str | None = None
    unopened: bool = False
    """Only what the recipient has not opened; asked of a recipient."""
    since_ms: int | None = None
    until_ms: int | None = None


def id_of(text: str) -> Id | None:
    """The id that somebody typed, in its canonical spelling; None where it is none."""
    text = text.strip().lower()
    if _UUID.fullmatch(text):
        return Id(IdForm.UUID, text)
    if _TRACE.fullmatch(text):
        return Id(IdForm.TRACE, text)
    if (found := _RECORD.fullmatch(text)) and int(found[2]) < 32_768:
        return Id(IdForm.RECORD, f"{found[1]}/{int(found[2])}/{int(found[3])}")
    return None
