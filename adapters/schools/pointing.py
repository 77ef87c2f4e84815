"""Decides who is sent a pointer and what it says: that something is waiting, by when, where; nothing of whom."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from adapters.schools.words.catalogue import Speech, speech
from adapters.schools.words.marks import N_


class Why(StrEnum):
    """What a pointer points at."""

    WAITING = "waiting"
    """A notification came for the school."""
    PASSED_ON = "passed-on"
    """The education desk has one that nobody at the school opened, or could."""
    OUT_OF_HOURS = "out-of-hours"
    """The education desk has not opened it either."""
    NOBODY_LEFT = "nobody-left"
    """Its out-of-hours contact could not be told either."""
    RESTORED = "restored"
    """The education desk gave back what the school had called no pupil of its own."""
    WEBHOOK_OFF = "webhook-off"
    """A school's own system took nothing for days: its webhook is turned off."""


SUBJECTS = {
    Why.WAITING: N_("A safeguarding notification is waiting"),
    Why.PASSED_ON: N_("A safeguarding notification was passed on to the education desk"),
    Why.OUT_OF_HOURS: N_("A safeguarding notification has not been opened by anybody"),
    Why.NOBODY_LEFT: N_("A safeguarding notification has reached nobody: no out-of-hours contact could be told"),
    Why.RESTORED: N_("A safeguarding notification was given back to your school"),
    Why.WEBHOOK_OFF: N_("A school's own system is no longer sent notifications"),
}


TO_SCHOOLS = frozenset({Why.WAITING, Why.RESTORED})
"""Those by which a school's own people are told."""

LATE = frozenset({Why.OUT_OF_HOURS, Why.NOBODY_LEFT})
"""Those that come when it was to be opened already."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where one message goes."""

    where: str = field(repr=False)
    language: str
    """The one that comes first."""
    person: str | None = None
    """Whose it is; None: a contact that is nobody of the portal's."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message in both languages."""

    subject: str
    text: str


def message(why: Why, *, link: str, due_at: datetime, language: str) -> Message:
    """What is sent, the reader's own language first: Welsh is never later than English."""
    first = speech(language)
    second = speech("en" if language == "cy" else "cy")
    return Message(
        subject=f"{first(SUBJECTS[why])} / {second(SUBJECTS[why])}",
        text=f"{_text(why, first, link, due_at)}\n\n---\n\n{_text(why, second, link, due_at)}\n",
    )


def _text(why: Why, say: Speech, link: str, due_at: datetime) -> str:
    if why is Why.WEBHOOK_OFF:
        off = say("It has not taken any for five days. The portal itself goes on: sign in there, and have it mended.")
        return "\n\n".join(
            (f"{say(SUBJECTS[why])}.", off, link, say("This message holds no details. Please do not reply."))
        )
    if why in LATE:
        due = say("It was to be opened by %(due)s. Please open it now.", due=say.moment(due_at))
    else:
        due = say("Please open it by %(due)s.", due=say.moment(due_at))
    return "\n\n".join(
        (f"{say(SUBJECTS[why])}.", due, link, say("This message holds no details. Please do not reply."))
    )
