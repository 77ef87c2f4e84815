"""What the portal says and is told, as bytes: what a person did with a notification, and the notification as kept."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.schools.deadlines import Because
from adapters.schools.notice import Notice
from adapters.schools.roles import Role
from adapters.sdk.declaration import NotTranslated
from contracts.envelope import Uuid
from contracts.parties import PartyUri
from contracts.text import Line, Prose
from contracts.times import Moment


class Did(StrEnum):
    """What was done with a notification."""

    OPENED = "opened"
    """A person saw it."""
    ACCEPTED = "accepted"
    """A named person handles it."""
    ASKED = "asked"
    """A person asks the sender something."""
    REFUSED = "refused"
    """It is about no pupil of the school."""
    TO_DESK = "to-desk"
    """The education desk has it too."""
    TO_OUT_OF_HOURS = "to-out-of-hours"
    """The education desk's out-of-hours contact was told."""
    RESTORED = "restored"
    """The education desk lifted what had kept somebody from it."""
    NOBODY_LEFT = "nobody-left"
    """The desk did not open it, and has no out-of-hours contact to be told."""
    RECEIVED = "received"
    """The portal has it; the inbox answers that."""
    DESK_OPENED = "desk-opened"
    """Somebody at the education desk saw it."""
    POINTED = "pointed"
    """A pointer went out."""
    BOUNCED = "bounced"
    """A pointer came back."""
    SYSTEM_OFF = "system-off"
    """The school's own system did not take it, and is turned off."""


class Answered(BaseModel):
    """One thing that the sender is to learn."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    step: Uuid
    """The portal's own id of it."""
    did: Literal[
        "opened", "accepted", "asked", "refused", "to-desk", "to-out-of-hours", "desk-opened", "restored", "system-off"
    ]
    at: Moment
    by: Annotated[PartyUri, Field(pattern=r"^/(schools|agencies)/")]
    """The school or education desk that the hub told."""
    delivery: Uuid
    """The notification's own id."""
    source: PartyUri
    """The sender of the event, and with `origin` its identity."""
    origin: Uuid
    type: Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,120}$")]
    """Of the event."""
    subject: Uuid
    correlation: Uuid
    role: Role | None = None
    """Of the person who did it."""
    team: Line | None = None
    """The school's or desk's name, of what was accepted."""
    because: Because | None = None
    """Why the desk or its out-of-hours contact was told, what was lifted, or why a system is off."""
    words: Prose | None = None
    """What the person wrote, and in which language."""
    language: Literal["cy", "en"] | None = None


def read(name: str, content: bytes) -> Answered:
    """One answer of the portal, from its JSON; raises NotTranslated."""
    try:
        return Answered.model_validate_json(content)
    except ValidationError as wrong:
        detail = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        path = ".".join("*" if detail["type"] == "extra_forbidden" else str(part) for part in detail["loc"])
        raise NotTranslated("not-an-answer", path=path, remedy="the portal writes these: see native.py") from None


def write(native: Notice) -> bytes:
    """A notice as the portal keeps it, as JSON."""
    kept = {
        "id": native.id,
        "party": native.party,
        "type": native.type,
        "source": native.source,
        "origin": native.origin,
        "subject": native.subject,
        "correlation": native.correlation,
        "happened_at": _written(native.happened_at),
        "names": list(native.names),
        "children": [sorted(keys) for keys in native.children],
        "conflicts": sorted(native.conflicts),
        "body": json.loads(native.body),
    }
    return json.dumps(kept, ensure_ascii=False, indent=2).encode() + b"\n"


def _written(at: datetime) -> str:
    return at.isoformat()
