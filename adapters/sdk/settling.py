"""Decides what a receipt of the hub's changes about an event of the outbox.

Bytes that never changed need no more than any receipt with their id. An event that was mended after a rejection had
other content before, which may still be on its way or be sent on by the hub's people. A receipt settles it only where
it answers a record that is known to hold what stands in the outbox now. What is heard of another place is kept: it
counts once Kafka's confirmation names that place, and else the event goes out again, so that the hub says whether it
has this content (duplicate) or the one before (conflict).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import structlog

from adapters.sdk.receipts import HubReceipt

log = structlog.get_logger("dolen.adapter")

State = Literal["waiting", "sent", "accepted", "rejected"]
"""Kafka has not confirmed it, the hub has not answered it, or the hub has."""


@dataclass(frozen=True, slots=True)
class Stands:
    """How an event of the outbox stands."""

    state: State
    at: str | None
    """topic/partition/offset of what Kafka confirmed last of this content."""
    mended: bool
    """It had other content before."""
    cleared: bool
    """Its content is no longer kept."""
    answered: str | None = None
    """The place of the record that the hub's last word is about."""
    outcome: str | None = None
    """That word."""
    faults: Sequence[Mapping[str, str]] = ()

    @property
    def is_settled(self) -> bool:
        """Whether the hub has answered it."""
        return self.state in ("accepted", "rejected")


def heard(stands: Stands, receipt: HubReceipt) -> Stands | None:
    """How it stands once a receipt is heard; None where that changes nothing."""
    if stands.state == "accepted":
        return None
    said = replace(stands, answered=receipt.at, outcome=receipt.outcome, faults=receipt.faults)
    if receipt.outcome != "rejected" and not stands.mended:
        return replace(said, state="accepted")  # for good, even after a rejection: the hub's people sent it on
    if stands.state == "rejected" and receipt.outcome == "rejected":
        return None
    if _is_old(receipt.at, stands.answered):
        return None
    if stands.mended and receipt.at != stands.at:
        return _of_another_place(said)
    if receipt.outcome != "rejected":
        return replace(said, state="accepted")
    log.error("outbox.rejected", event_id=receipt.event_id, faults=[fault["code"] for fault in receipt.faults])
    return replace(said, state="rejected")


def is_of_ours(receipt: HubReceipt) -> bool:
    """Whether it is about what this agency sent."""
    if receipt.outcome == "rejected" and not receipt.authenticated:
        # Somebody without our key used the id, or our key is no longer valid: what we sent is still unanswered.
        log.error("outbox.not_authenticated", event_id=receipt.event_id, at=receipt.at)
        return False
    return True


def _of_another_place(said: Stands) -> Stands:
    if said.state != "rejected":
        return said
    return replace(said, state="accepted" if said.cleared else "sent", faults=())


def _is_old(at: str, answered: str | None) -> bool:
    """Whether a receipt is one that came before, read again after the event was mended."""
    if answered is None:
        return False
    (place, _, offset), (before, _, known) = at.rpartition("/"), answered.rpartition("/")
    return place == before and int(offset) <= int(known)
