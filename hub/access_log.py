"""The access log: one record for each report of who looked at what, chained by hash as the ledger is.

A report that was not signed by whom it speaks for stands in the log too, as a fault and without its content: an attempt
to write somebody else's history is worth keeping, what it says is not.
"""

import hashlib
import hmac
from typing import Any

from orjson import dumps
from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.access import AccessRecord
from contracts.faults import FaultCode
from contracts.parties import HUB, agency_of
from hub.keyring import Keyring, SigningKey
from hub.ledger import ChainHead, record_hash
from hub.record import Record
from hub.verify import verify
from hub.written import At

LARGEST_REPORT = 16 * 1024
"""Bytes; a report is ids and codes, and one line of text."""


HUB_KEY_ID = "hub"


def hub_key(marks_secret: bytes) -> SigningKey:
    """The key that the console signs its reports with: made of the hub's own secret, for this purpose alone (RFC 2104).

    It is in no keyring, so that no event can be signed with it.
    """
    secret = hmac.digest(marks_secret, b"dolen access reports v1", "sha256")
    return SigningKey(HUB_KEY_ID, agency_of(HUB), secret, valid_from_ms=0, valid_to_ms=2**63 - 1)


class AccessEntry(BaseModel):
    """One record of `hub.access.v1`, as readers see it."""

    model_config = ConfigDict(frozen=True)

    version: int
    lane: int
    number: int
    """Position in the lane's chain, from 1."""
    at: At
    """Where the report stands."""
    signer: str | None
    key_id: str | None
    digest: str
    """SHA-256 of the report's value, hexadecimal."""
    fault: str | None
    """Why it counts for nothing, a code; then there is no record."""
    record: AccessRecord | None
    prev: str
    """SHA-256 of the lane's previous record, hexadecimal."""


def access_entry(record: Record, keyring: Keyring, head: ChainHead) -> tuple[bytes, ChainHead]:
    """The bytes of the log's record of a report, and the head after it; depends on these three alone."""
    value = record.value or b""
    signed = verify(record, keyring)
    fault = signed.fault.code.value if signed.fault is not None else None
    told: AccessRecord | None = None
    if fault is None:
        told, fault = _told(value, signed.agency)
    entry: dict[str, Any] = {
        "version": 1,
        "lane": record.partition,
        "number": head.number + 1,
        "at": {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "time_ms": record.timestamp,
        },
        "signer": signed.agency,
        "key_id": signed.key_id,
        "digest": hashlib.sha256(value).hexdigest(),
        "fault": fault,
        "record": told.model_dump(mode="json") if told is not None else None,
        "prev": head.hash,
    }
    made = dumps(entry)
    return made, ChainHead(head.number + 1, record_hash(made))


def _told(value: bytes, signer: str | None) -> tuple[AccessRecord | None, str | None]:
    if len(value) > LARGEST_REPORT:
        return None, FaultCode.TOO_LARGE.value
    try:
        told = AccessRecord.model_validate_json(value)
    except ValidationError:
        return None, FaultCode.FIELD_INVALID.value
    if agency_of(told.for_party) != signer:
        return None, FaultCode.NOT_THE_SIGNERS_SOURCE.value
    return told, None
