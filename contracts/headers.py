"""The two Kafka headers that mean something: who signed the value, and which trace the record belongs to."""

import hmac
import re

SIGNATURE = "dolen-signature"
TRACEPARENT = "traceparent"

_SIGNATURE_FORM = re.compile(rb"^v1,([a-z0-9][a-z0-9.-]{0,79}),([0-9a-f]{64})\Z")
_TRACEPARENT_FORM = re.compile(rb"^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}\Z")


def sign(value: bytes, *, key_id: str, secret: bytes) -> bytes:
    """The `dolen-signature` header of a value: `v1,<key id>,<HMAC-SHA256 over the exact bytes, hexadecimal>`."""
    return b"v1," + key_id.encode() + b"," + mac_of(value, secret=secret)


def mac_of(value: bytes, *, secret: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104) of a value as 64 lower-case hexadecimal digits."""
    return hmac.digest(secret, value, "sha256").hex().encode()


def parse_signature(header: bytes) -> tuple[str, bytes] | None:
    """Key id and MAC of a `dolen-signature` header, or None where it lacks the form."""
    found = _SIGNATURE_FORM.match(header)
    return (found[1].decode(), found[2]) if found else None


def parse_traceparent(header: bytes) -> tuple[str, str] | None:
    """Trace id and parent span id of a W3C `traceparent` (version 00), or None where it lacks the form."""
    found = _TRACEPARENT_FORM.match(header)
    return (found[1].decode(), found[2].decode()) if found else None


def traceparent(trace_id: str, span_id: str) -> bytes:
    """A `traceparent` header; always sampled, since every notification is traced."""
    return f"00-{trace_id}-{span_id}-01".encode()
