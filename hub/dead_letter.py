"""What is kept of a record that could not be taken: codes, field paths and coordinates, never the payload."""

from typing import Annotated, Any

from orjson import dumps
from pydantic import BaseModel, ConfigDict, Field

from hub.record import Output


class LetterAt(BaseModel):
    """Where the record stands; re-drive reads the payload back from there, while it is kept (30 days)."""

    model_config = ConfigDict(frozen=True)

    topic: str
    partition: int
    offset: int
    time_ms: int
    """Broker time, milliseconds since 1970."""


class LetterFault(BaseModel):
    """One fault: its code (contracts/faults.py explains it), its field path and the rule's name."""

    model_config = ConfigDict(frozen=True)

    code: str
    path: str
    rule: str


class DeadLetter(BaseModel):
    """One record of `hub.dead-letters.v1`."""

    model_config = ConfigDict(frozen=True)

    at: LetterAt
    outcome: str
    """`rejected` or `conflict`."""
    source: str | None
    """The sender as the event names it, if that has its form."""
    event_id: str | None
    event_type: str | None
    signer: str | None
    """The agency whose key signed the record, if one did."""
    key_id: str | None
    faults: Annotated[tuple[LetterFault, ...], Field(min_length=1)]
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
