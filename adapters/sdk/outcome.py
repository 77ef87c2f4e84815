"""Decides what an adapter may answer when it is given a notification: delivered, kept, try again, or refused."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

RefusalCode = Literal[
    "not-our-child", "child-not-identified", "conflict-of-interest", "not-entitled", "unreadable", "other"
]
"""The reasons of `receipts.refused`."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The agency's system has it, and keeps it through a crash; the hub is told `delivered`."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: the system is away, busy or locked. The child's later notifications wait behind this one."""

    reason: str
    """A code of the adapter's own, in lower case with hyphens; never a value of the notification."""
    after: timedelta | None = None
    """When the far system said to come back; the inbox's own waits otherwise."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: trying again changes nothing. The hub is told `refused`, and the sender learns it."""

    code: RefusalCode
    explanation: str = ""
    """In the words of a person at the agency, and so a part of the payload; empty if there are none."""
    language: Literal["cy", "en"] = "en"
    """Of the explanation."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The edge has it on disk for a system that comes to fetch it; the edge itself tells the hub what became of it."""


Outcome = Delivered | Kept | Retry | Refused
