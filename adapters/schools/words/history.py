"""Says what was done with a notification, line by line."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from adapters.schools.deadlines import Because
from adapters.schools.native import Did
from adapters.schools.roles import TITLES, Role
from adapters.schools.words.catalogue import Speech
from adapters.schools.words.marks import N_

DID = {
    Did.RECEIVED: N_("Delivered to the portal"),
    Did.OPENED: N_("Opened at the school"),
    Did.DESK_OPENED: N_("Opened at the education desk"),
    Did.ACCEPTED: N_("Taken on"),
    Did.ASKED: N_("Question to the sender"),
    Did.REFUSED: N_("Not a pupil of the school"),
    Did.TO_DESK: N_("Passed on to the education desk"),
    Did.TO_OUT_OF_HOURS: N_("The out-of-hours contact was told"),
    Did.RESTORED: N_("Lifted by the education desk"),
    Did.NOBODY_LEFT: N_("No out-of-hours contact could be told"),
    Did.POINTED: N_("A message was sent that something is waiting"),
    Did.BOUNCED: N_("A message came back"),
    Did.SYSTEM_OFF: N_("The school's own system did not take it, and is turned off"),
}

BECAUSE = {
    Because.NOT_OPENED: N_("nobody had opened it in time"),
    Because.SCHOOL_CLOSED: N_("the school is closed"),
    Because.NOBODY_DESIGNATED: N_("the school has no designated safeguarding person on the portal"),
    Because.SCHOOL_UNKNOWN: N_("the school is not known to the portal"),
    Because.NOT_OUR_CHILD: N_("the school says that the child is not its pupil"),
    Because.POINTER_BOUNCED: N_("the message came back"),
    Because.CONFLICT: N_("the school has a conflict of interest"),
    Because.TOLD_INSTEAD: N_("the education desk is told in place of a school"),
    Because.NOT_ANSWERING: N_("it has taken nothing for days"),
    Because.ASKED_TO_STOP: N_("it asked for no more"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was done."""

    at: str
    moment: str
    did: str
    who: str
    because: str
    words: str
    language: str


def pointed(pointers: Iterable[Any], say: Speech) -> list[str]:
    """Who was told that it is there, and whether the message went; for an education desk."""
    nobody = say("A contact")
    return [f"{row.name or nobody}: {_went(row, say)}" for row in pointers]


def _went(pointer: Any, say: Speech) -> str:
    if pointer.bounced_at is not None:
        return say("came back %(at)s", at=say.short(pointer.bounced_at))
    return say("told %(at)s", at=say.short(pointer.sent_at)) if pointer.sent_at is not None else say("not sent yet")


def told(history: Iterable[Any], say: Speech) -> list[Line]:
    """The steps of a notification, in order."""
    return [
        Line(
            at=say.short(step.at),
            moment=step.at.isoformat(),
            did=say(DID[Did(step.kind)]),
            who=", ".join(filter(None, [step.name or "", say(TITLES[Role(step.role)]) if step.role else ""])),
            because=say(BECAUSE[Because(step.because)]) if step.because else "",
            words=step.words or "",
            language=step.language or "",
        )
        for step in history
    ]
