"""Decides whether an event is the first of its identity, a repeat of it, or other content under a used id."""

import hashlib
import hmac
import struct
from enum import Enum
from typing import NamedTuple

from hub.record import Coordinates

_SHAPE = struct.Struct(">HIQ16s16s")
"""Topic number, partition, offset, digest and MAC, the last two cut to 128 bits."""


class Verdict(Enum):
    """What a claim came to."""

    FIRST = "first"
    """Nobody claimed this identity before, or this very record did, before a crash."""
    DUPLICATE = "duplicate"
    """Another record claimed it first, with the same content."""
    CONFLICT = "conflict"
    """Another record claimed it first, with other content."""
    TAMPERED = "tampered"
    """The mark isn't the hub's: it counts as absent, and raises an alarm."""


class Claim(NamedTuple):
    """One event's claim on its identity: the key under which it is marked, and the mark (both opaque bytes)."""

    key: bytes
    mark: bytes


class Marks:
    """Makes and reads marks: keys are a keyed hash of (`source`, `id`), marks carry a MAC that binds them to their key.

    So whoever can write to Redis can't make the hub take a new event for a repeat.
    """

    def __init__(self, secret: bytes, topics: tuple[str, ...]) -> None:
        self._key_secret = hashlib.sha256(b"dolen key\0" + secret).digest()
        self._mac_secret = hashlib.sha256(b"dolen mark\0" + secret).digest()
        self.name = hashlib.sha256(b"dolen name 2\0" + secret).hexdigest()[:8]
        """Part of every key: marks of another secret are simply not there, and so the window is rebuilt."""
        self._topics = topics
        self._number = {topic: number for number, topic in enumerate(topics)}

    def claim(self, *, source: str, event_id: str, digest: bytes, at: Coordinates) -> Claim:
        """The claim of the record at `at` on (`source`, `event_id`) with content `digest` (SHA-256, 32 bytes)."""
        key = _keyed(self._key_secret, f"{source}\n{event_id}".encode())
        head = struct.pack(">HIQ16s", self._number[at.topic], at.partition, at.offset, digest[:16])
        return Claim(key, head + self._mac(key, head))

    def judge(self, claim: Claim, found: bytes | None) -> Verdict:
        """What it means that `found` stood under the claim's key; None: nothing did."""
        if found is None or found == claim.mark:
            return Verdict.FIRST
        if len(found) != _SHAPE.size or not hmac.compare_digest(self._mac(claim.key, found[:-16]), found[-16:]):
            return Verdict.TAMPERED
        return Verdict.DUPLICATE if found[14:30] == claim.mark[14:30] else Verdict.CONFLICT

    def first(self, found: bytes) -> Coordinates:
        """Where the record stands that made a mark."""
        number, partition, offset, _, _ = _SHAPE.unpack(found)
        return Coordinates(self._topics[number], partition, offset)

    def _mac(self, key: bytes, head: bytes) -> bytes:
        return _keyed(self._mac_secret, key + head)


def _keyed(secret: bytes, value: bytes) -> bytes:
    """BLAKE2b with a key (RFC 7693): a MAC in one pass, for so few bytes a third of what an HMAC takes."""
    return hashlib.blake2b(value, key=secret, digest_size=16).digest()
