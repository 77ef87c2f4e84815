"""Decides by which opaque UUID the hub knows what an agency's system calls by a number or name of its own."""

import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """An agency's own: the same key always makes the same UUID, and without the key nobody finds the way back.

    A key is kept for good (an adapter's configuration names its file): another one would make a stranger of every
    child that was sent before. Plain UUIDv5 would not do, since an occurrence number has only ten digits to try.
    """

    agency: str
    key: bytes = field(repr=False)
    """32 random bytes, the agency's own."""

    def child(self, native: str) -> str:
        """The `subject` of a child, by the number that the agency's system has for the child."""
        return self._uuid("child", native)

    def episode(self, native: str) -> str:
        """The `correlationid` of an episode, by the system's number of the case or occurrence."""
        return self._uuid("episode", native)

    def event(self, native: str) -> str:
        """The `id` of an event, by what names its native record: read twice, it is one event."""
        return self._uuid("event", native)

    def _uuid(self, of: str, native: str) -> str:
        # RFC 9562 section 5.8: version 8, the bits made by a rule of our own.
        # Not `hmac.digest`, which lets go of the interpreter: a busy store's thread keeps it for 5 ms each time.
        digits = hmac.new(self.key, f"{self.agency}\n{of}\n{native}".encode(), "sha256").hexdigest()
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
