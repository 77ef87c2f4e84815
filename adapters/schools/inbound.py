"""Decides which receipt says what a person did with a notification."""

from collections.abc import Mapping
from typing import Any

from adapters.schools.native import Answered
from adapters.schools.roles import TITLES, Role
from adapters.sdk.declaration import Draft, NotTranslated
from adapters.sdk.pseudonyms import Pseudonyms

_TYPES = {
    "opened": "opened",
    "desk-opened": "opened",
    "accepted": "accepted-by",
    "asked": "asked",
    "refused": "refused",
    "to-desk": "escalated",
    "to-out-of-hours": "escalated",
    "restored": "restored",
    "system-off": "system-off",
}


def to_event(native: Answered, pseudonyms: Pseudonyms) -> Draft:
    """The receipt of one answer, in the name of the school or desk that the hub told.

    Subject and episode are those of the notification: whoever answers has no reference of its own for the child.
    """
    answer = {
        "delivery": native.delivery,
        "original": {"source": native.source, "id": native.origin},
        "original_type": native.type,
    }
    return Draft(
        type=f"wales.child-protection.receipts.{_TYPES[native.did]}.v1",
        reference=native.step,
        subject=native.subject,
        correlationid=native.correlation,
        time=native.at,
        data={**answer, **_said(native)},
        source=native.by,
    )


def _said(native: Answered) -> Mapping[str, Any]:
    at = native.at.isoformat()
    match native.did:
        case "opened" | "desk-opened":
            return {"opened_at": at, "role": _role(native)}
        case "accepted":
            if native.team is None:
                raise NotTranslated("no-team", path="team", remedy="the portal writes the school's name")
            return {"accepted_at": at, "role": _role(native), "team": native.team}
        case "asked":
            return {"asked_at": at, "role": _role(native), "question": _words(native)}
        case "refused":
            return {"refused_at": at, "reason": "not-our-child"}
        case "restored":
            return {"restored_at": at, "role": _role(native), "reason": _because(native)}
        case "system-off":
            return {"turned_off_at": at, "reason": _because(native)}
        case "to-desk":
            return {"escalated_at": at, "to": "education-desk", "reason": _because(native)}
        case "to-out-of-hours":
            return {"escalated_at": at, "to": "out-of-hours", "reason": _because(native)}


def _role(native: Answered) -> str:
    if native.role is None:
        raise NotTranslated("no-role", path="role", remedy="the portal writes in which role a person acted")
    return TITLES[Role(native.role)]


def _because(native: Answered) -> str:
    if native.because is None:
        raise NotTranslated("no-reason", path="because", remedy="the portal writes why somebody else was told")
    return native.because.value


def _words(native: Answered) -> Mapping[str, str]:
    if native.words is None or native.language is None:
        raise NotTranslated("no-question", path="words", remedy="the portal writes the question and its language")
    return {"text": native.words, "language": native.language}
