"""Decides how a notification comes to lie whole in the out directory, once, whatever dies in between."""

import os
from pathlib import Path

from adapters.police.native import NotificationFile


def put(directory: Path, file: NotificationFile) -> None:
    """Write a file and return when it is on the disk; one that is there already is left as it is."""
    target = directory / file.name
    if target.exists():
        return
    temporary = directory / f".{file.name}.part"
    with temporary.open("wb") as written:
        written.write(file.content)
        written.flush()
        os.fsync(written.fileno())
    os.replace(temporary, target)
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
