"""Decides whether the hub attests that it sent a record again: its own reading of the header `dolen-redrive`."""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contracts.faults import FaultCode
from hub.audit.source import Record

MOST = 3
"""How often a record may be sent again."""


class Redriven(NamedTuple):
    """What a record says of itself."""

    entry: Mapping[str, Any] | None
    """What the ledger must say of it; None: it is no re-drive."""
    fault: str | None = None
    """Why it must be turned away."""


def redriven(record: Record, key: Ed25519PublicKey | None) -> Redriven:
    """Whether `record` is a re-drive, by the public key of the hub's operators."""
    said = [value or b"" for name, value in record.headers or () if name == "dolen-redrive"]
    if not said:
        return Redriven(None)
    entry = _attested(record, said[0], key) if len(said) == 1 and key is not None else None
    return Redriven(entry, None if entry else FaultCode.REDRIVE_NOT_ATTESTED.value)


def _attested(record: Record, header: bytes, key: Ed25519PublicKey) -> Mapping[str, Any] | None:
    try:
        version, times, origin, signature = header.decode("ascii").split(",")
        topic, lane, offset = origin.split("/")
        count = int(times)
        digest = hashlib.sha256(record.value or b"").hexdigest()
        key.verify(bytes.fromhex(signature), "\n".join(("dolen re-drive v1", times, origin, digest, "")).encode())
        place = {"topic": topic, "partition": int(lane), "offset": int(offset)}
    except (ValueError, InvalidSignature):
        return None
    here = (topic, place["partition"]) == (record.topic, record.partition)
    return {"origin": place, "count": count} if version == "v1" and here and 1 <= count <= MOST else None
