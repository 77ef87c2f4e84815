"""Decides who sent a record: the agency whose key signed its exact bytes, at a time when that key was valid."""

import hmac
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contracts.faults import Fault, FaultCode
from contracts.headers import SIGNATURE, TRACEPARENT, mac_of, parse_signature, parse_traceparent
from hub.attest import Redrive, redriven
from hub.keyring import Keyring, SigningKey
from hub.record import Record

MAX_HEADERS = 64


class Signed(NamedTuple):
    """The answer: an agency, or why there is none. A wrong header is a fault even where the signature is right."""

    agency: str | None
    key_id: str | None
    fault: Fault | None
    redrive: Redrive | None = None
    """What the hub attests of it, where it was refused before and sent again."""


def verify(record: Record, keyring: Keyring, redrive_key: Ed25519PublicKey | None = None) -> Signed:
    """Who signed `record`; depends on the record, its broker time and the keys alone.

    `redrive_key` is what re-drives are attested with; without one, a record that says it is one is refused.
    """
    redrive = redriven(record, redrive_key)
    fault = _header_fault(record.headers)
    if isinstance(redrive, Fault):
        redrive, fault = None, fault or redrive
    by = _signed(record, keyring, fault)
    return by if redrive is None else by._replace(redrive=redrive)


def _signed(record: Record, keyring: Keyring, fault: Fault | None) -> Signed:
    signatures = [value for name, value in record.headers if name == SIGNATURE]
    if not signatures:
        return Signed(None, None, fault or Fault(FaultCode.UNSIGNED))
    parsed = parse_signature(signatures[0]) if len(signatures) == 1 and signatures[0] is not None else None
    if parsed is None:
        return Signed(None, None, fault or Fault(FaultCode.SIGNATURE_MALFORMED))
    key_id, mac = parsed
    key = keyring.get(key_id)
    if key is None:
        return Signed(None, None, fault or Fault(FaultCode.KEY_UNKNOWN))
    if not hmac.compare_digest(mac, mac_of(record.value or b"", secret=key.secret)):
        return Signed(None, key_id, fault or Fault(FaultCode.SIGNATURE_WRONG))
    return Signed(key.agency, key_id, fault or _validity_fault(key, record.timestamp))


def hop(headers: Sequence[tuple[str, bytes]]) -> tuple[str, str] | None:
    """Trace id and span id of the previous hop, where its `traceparent` header is well formed."""
    for name, value in headers:
        if name == TRACEPARENT and value is not None:
            return parse_traceparent(value)
    return None


def _validity_fault(key: SigningKey, timestamp_ms: int) -> Fault | None:
    return None if key.valid_at(timestamp_ms) else Fault(FaultCode.KEY_NOT_VALID)


def _header_fault(headers: Sequence[tuple[str, bytes]]) -> Fault | None:
    if len(headers) > MAX_HEADERS:
        return Fault(FaultCode.HEADERS_TOO_MANY)
    for name, value in headers:
        if not ((name.isascii() and (value is None or value.isascii())) or _is_text(name, value)):
            return Fault(FaultCode.HEADER_NOT_UTF8)
    return None


def _is_text(name: str, value: bytes | None) -> bool:
    try:
        name.encode()  # a name of other bytes has surrogates: hub/raw_records.py
        (value or b"").decode()
    except UnicodeError:
        return False
    return True
