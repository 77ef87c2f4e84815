"""Decides whether a record is a re-drive that the hub sent: of which record, and for which time.

A re-drive is the very record that was refused, sent again on its topic and partition with one header more, in which the
hub attests where it stood first, how often it was sent again, and what its bytes are. The sender's signature is checked
as ever. Ed25519, so that whoever checks an attestation can't make one: lanes and audit have the public key alone.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contracts.faults import Fault, FaultCode
from hub.record import Coordinates, Record

REDRIVE = "dolen-redrive"
"""The header; an agency that sets it is refused."""

MOST_REDRIVES = 3
"""The loop guard: what is refused after so many is quarantined."""

_FORM = re.compile(rb"v1,([1-9]),([A-Za-z0-9._-]{1,249}/[0-9]{1,4}/[0-9]{1,19}),([0-9a-f]{128})")


class Redrive(NamedTuple):
    """What the hub attests of a record that it sent again."""

    origin: Coordinates
    """Where the record stood first, however often it was sent again since."""
    times: int
    """For which time it is sent again, from 1."""


def attest(value: bytes | None, redrive: Redrive, *, key: Ed25519PrivateKey) -> bytes:
    """The header of a re-drive: `v1,<count>,<coordinates of the first>,<signature, hexadecimal>`."""
    signature = key.sign(_attested(value, redrive)).hex().encode()
    return b"v1,%d,%b,%b" % (redrive.times, str(redrive.origin).encode(), signature)


def redriven(record: Record, key: Ed25519PublicKey | None) -> Redrive | Fault | None:
    """What is attested of `record`; a fault where it says that it is a re-drive and nothing attests it."""
    headers = [value for name, value in record.headers if name == REDRIVE]
    if not headers:
        return None
    found = _read(headers)
    if found is None or key is None:
        return Fault(FaultCode.REDRIVE_NOT_ATTESTED)
    redrive, signature = found
    same_place = (redrive.origin.topic, redrive.origin.partition) == (record.topic, record.partition)
    if not same_place or redrive.times > MOST_REDRIVES:
        return Fault(FaultCode.REDRIVE_NOT_ATTESTED)
    try:
        key.verify(signature, _attested(record.value, redrive))
    except InvalidSignature:
        return Fault(FaultCode.REDRIVE_NOT_ATTESTED)
    return redrive


def _read(headers: Sequence[bytes | None]) -> tuple[Redrive, bytes] | None:
    found = _FORM.fullmatch(headers[0] or b"") if len(headers) == 1 else None
    if found is None:
        return None
    topic, partition, offset = found[2].decode().split("/")
    return Redrive(Coordinates(topic, int(partition), int(offset)), int(found[1])), bytes.fromhex(found[3].decode())


def _attested(value: bytes | None, redrive: Redrive) -> bytes:
    digest = hashlib.sha256(value or b"").hexdigest()
    return f"dolen re-drive v1\n{redrive.times}\n{redrive.origin}\n{digest}\n".encode()
