"""What is kept of a record that could not be taken: codes, field paths and coordinates, never the payload."""

from typing import Annotated, Any

from orjson import dumps
from pydantic import BaseModel, ConfigDict, Field

from hub.record import Output
from hub.written import At, FaultEntry


class DeadLetter(BaseModel):
    """One record of `hub.dead-letters.v1`."""

    model_config = ConfigDict(frozen=True)

    at: At
    outcome: str
    """`rejected` or `conflict`."""
    source: str | None
    """The sender as the event names it, if that has its form."""
    event_id: str | None
    event_type: str | None
    signer: str | None
    """The agency whose key signed the record, if one did."""
    key_id: str | None
    faults: Annotated[tuple[FaultEntry, ...], Field(min_length=1)]
    first: dict[str, Any] | None = None
    """For a conflict: where the event stands that used the id first."""

    @property
    def letter_id(self) -> str:
        """What an operator calls it: the coordinates of the record."""
        return f"{self.at.topic}/{self.at.partition}/{self.at.offset}"


def dead_letter(entry: dict[str, Any], *, topic: str) -> Output:
    """The dead letter of a ledger entry (its parts, under the names that `DeadLetter` reads)."""
    event = entry["event"]
    return Output(
        topic,
        None,
        dumps(
            {
                "at": entry["at"],
                "outcome": entry["outcome"],
                "source": event["source"],
                "event_id": event["id"],
                "event_type": event["type"],
                "signer": entry["signer"],
                "key_id": entry["key_id"],
                "faults": entry["faults"],
                "first": entry["first"],
            }
        ),
        [],
    )
