"""An access record: who looked at what, when and why; each view, print, export, search and refused attempt has one."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints

from contracts.base import Contract
from contracts.envelope import Uuid
from contracts.parties import PartyUri
from contracts.text import Line
from contracts.times import Moment

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]{0,79}$")]


class Act(StrEnum):
    """What was done."""

    VIEWED = "viewed"
    SEARCHED = "searched"
    PRINTED = "printed"
    EXPORTED = "exported"
    SIGNED_IN = "signed-in"
    CHANGED = "changed"
    """Something was put right or decided: a re-drive, a skip, an acceptance."""
    REFUSED = "refused"
    """An attempt that was not allowed."""


class AccessRecord(Contract):
    """One record of `access.v1`, signed by the agency whose portal or console showed it.

    The hub chains them by hash into `hub.access.v1`. Ids and codes alone: no child's name or number, no payload, and of
    the reader the stable id that the identity provider gives, never a name.
    """

    version: Literal[1] = 1
    id: Uuid
    at: Moment
    by: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:|@-]{1,120}$")]
    """The reader's `sub` at the identity provider."""
    role: Code
    for_party: PartyUri
    """The organisation that the reader acted for; `/hub` for its operators."""
    act: Act
    what: Code
    """The page or thing, by a stable name, for example `notification` or `dead-letter.payload`."""
    about: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/-]{0,200}$")] = ""
    """Id or coordinates of the thing."""
    why: Line | None = None
    """The reason that a person gave, where one is asked for."""
