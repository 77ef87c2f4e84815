"""Decides which names in the drop directory are files to take, which are under way or ours, and which are refused."""

import hashlib
import os
from enum import Enum, auto
from pathlib import PurePosixPath

TAKEN = (".xml", ".json", ".zip")
UNDER_WAY = (".part", ".partial", ".filepart", ".tmp")
DONE, FAILED, REASON, RECEIPT = ".done", ".failed", ".reason", ".receipt"

_MOST_BYTES = 150
"""Room for our own endings within the 255 that file systems allow."""


class Standing(Enum):
    """What becomes of a name."""

    TAKE = auto()
    LEAVE = auto()
    """Still being written, hidden, or written by us."""
    REFUSE = auto()


def standing_of(name: str) -> Standing:
    """Whether a file of this name is taken; says nothing of what it is."""
    if name.startswith(".") or name.lower().endswith((*UNDER_WAY, DONE, FAILED, REASON, RECEIPT)):
        return Standing.LEAVE
    return Standing.TAKE if is_plain(name) and name.lower().endswith(TAKEN) else Standing.REFUSE


def is_plain(name: str) -> bool:
    """One name, on any system: printable, no path, no drive, no stream, not too long."""
    # Invalid UTF-8 comes as lone surrogates, and those are not printable; nor are marks that turn text round.
    return (
        name.isprintable()
        and not set(name) & set("/\\:")
        and PurePosixPath(name).name == name
        and not name.startswith(".")
        and 0 < len(name.encode()) <= _MOST_BYTES
    )


def shown(name: str) -> str:
    """The name itself, or one made of it where it can't be shown."""
    return name if is_plain(name) else f"refused-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"
