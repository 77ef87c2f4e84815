"""A heartbeat: what an adapter says of itself every fifteen seconds, so that an agency gone quiet is seen."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.base import Contract
from contracts.parties import AgencyId
from contracts.times import Moment

EVERY_S = 15
"""Seconds from one to the next."""

Count = Annotated[int, Field(ge=0, le=2_147_483_647)]
Seconds = Annotated[float, Field(ge=0, le=1e9)]


class Heartbeat(Contract):
    """One record of `heartbeats.v1`: its key is `<agency>/<adapter>`, its signature the agency's own.

    Not an event: no child, no ledger record, no receipt; the next one replaces it.
    """

    version: Literal[1] = 1
    agency: AgencyId
    adapter: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    """Which adapter, by its folder's name."""
    at: Moment
    """The adapter's clock."""
    started_at: Moment
    outbox_waiting: Count
    """Events without the hub's receipt."""
    outbox_oldest_s: Seconds | None
    """Age of the oldest of them; None where nothing waits."""
    outbox_refused: Count
    """Native records that could not be translated, and events that the hub rejected, which a person has to mend."""
    inbox_waiting: Count
    """Notifications stored and not delivered yet."""
    inbox_oldest_s: Seconds | None
    parked_children: Count
    """Children whose notifications stand behind one that failed for good."""
    parked: Count
    """Notifications in all that stand so."""
    unreached: Count = 0
    """Systems and contacts of the agency that are told no more: what was sent there was not taken, or came back."""
