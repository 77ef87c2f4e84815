"""The ids that the hub should have given: worked out again, with the standard library's UUIDs and hashes."""

import hashlib
import json
from typing import Any
from uuid import UUID, uuid5

import orjson

_NAMESPACE = UUID("b7d2b0f2-5a3f-5c0e-9f4d-6a1e2c8d7f10")
"""Dolen's, as contracts/identity.py publishes it."""


def delivery(source: str, event_id: str, recipient: str) -> str:
    """Id of the notification of one event to one recipient."""
    return str(uuid5(_NAMESPACE, "\n".join((source, event_id, recipient))))


def receipt(topic: str, partition: int, offset: int) -> str:
    """Id of the hub's receipt for one inbound record."""
    return str(uuid5(_NAMESPACE, f"receipt\n{topic}\n{partition}\n{offset}"))


def step(at: str) -> str:
    """Span id of the hub's step, by the record's coordinates."""
    return hashlib.sha256(f"span\n{at}".encode()).hexdigest()[:16]


def span(output_id: str) -> str:
    """Span id of a notification or receipt: the first half of its own id."""
    return output_id.replace("-", "")[:16]


def trace(at: str) -> str:
    """Trace id of a record that brought none."""
    return hashlib.sha256(f"trace\n/hub\n{at}".encode()).hexdigest()[:32]


def tag(*parts: str) -> bytes:
    """What stands for a text in the spool."""
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def content(document: Any) -> bytes:
    """What stands for a JSON document in the spool: the same for every order of its keys and way to write it."""
    try:
        written = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a number beyond 64 bits, or half of a surrogate pair
        written = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.blake2b(written, digest_size=16).digest()
