"""What the ledger and the dead letters both write of a record: where it stands, and its faults."""

from pydantic import BaseModel, ConfigDict


class At(BaseModel):
    """Where a record stands, and its broker time in milliseconds since 1970.

    Re-drive reads a dead letter's payload back from there, while it is kept (30 days).
    """

    model_config = ConfigDict(frozen=True)

    topic: str
    partition: int
    offset: int
    time_ms: int


class FaultEntry(BaseModel):
    """One fault: its code (contracts/faults.py explains it), its field path and the rule's name."""

    model_config = ConfigDict(frozen=True)

    code: str
    path: str
    rule: str
