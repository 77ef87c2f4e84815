"""Stable ids: a recipient can always tell a repeat, since an id depends on nothing but what it identifies."""

import hashlib

_DOLEN = bytes.fromhex("b7d2b0f25a3f5c0e9f4d6a1e2c8d7f10")
"""The namespace of Dolen's name-based UUIDs."""


def delivery_id(source: str, event_id: str, recipient: str) -> str:
    """Id of the notification that tells one recipient of one event: constant over every retry.

    The source is part of the name, since two senders may choose the same id.
    """
    return _uuid5(f"{source}\n{event_id}\n{recipient}")


def receipt_id(topic: str, partition: int, offset: int) -> str:
    """Id of the hub's receipt for one record: each resend of an event has a receipt of its own."""
    return _uuid5(f"receipt\n{topic}\n{partition}\n{offset}")


def span_id(*of: str) -> str:
    """The W3C span id (16 hexadecimal digits) of a step, by what it is about: the same in a second reading.

    For a delivery or a receipt, whose id is a UUID of its own, its first half; else a hash of the parts.
    """
    first = of[0]
    if len(of) == 1 and len(first) == 36 and first[23] == "-":
        return first[:8] + first[9:13] + first[14:18]
    return hashlib.sha256("\n".join(("span", *of)).encode()).hexdigest()[:16]


def trace_id(source: str, event_id: str) -> str:
    """The W3C trace id (32 hexadecimal digits) of an event whose sender gave none."""
    return hashlib.sha256(f"trace\n{source}\n{event_id}".encode()).hexdigest()[:32]


def _uuid5(name: str) -> str:
    # RFC 9562 section 5.5, written out: `uuid.uuid5` builds an object that is only printed here, at thrice the cost.
    hexadecimal = hashlib.sha1(_DOLEN + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(hexadecimal[16], 16) & 3]
    return (
        f"{hexadecimal[:8]}-{hexadecimal[8:12]}-5{hexadecimal[13:16]}"
        f"-{variant}{hexadecimal[17:20]}-{hexadecimal[20:32]}"
    )
