"""Keeps the key of an agency's pseudonyms: made once, readable by its owner alone, never replaced."""

import os
import secrets
from pathlib import Path

from adapters.sdk.errors import ConfigurationRefused

LENGTH = 32


def pseudonym_key(path: Path) -> bytes:
    """The key in a file, which is made if there is none; raises ConfigurationRefused."""
    try:
        return _made(path) or _read(path)
    except OSError as failure:
        raise ConfigurationRefused(
            f"{path}: the key of the agency's pseudonyms can't be read or made ({failure.strerror}); see that its "
            "folder is there and this user may use it"
        ) from None


def _made(path: Path) -> bytes | None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_bytes(LENGTH)
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return None
    with os.fdopen(file, "w", encoding="ascii") as written:
        written.write(f"{key.hex()}\n")
        written.flush()
        os.fsync(written.fileno())
    return key


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise ConfigurationRefused(f"{path}: others than its owner may read the key; `chmod 600` it")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != LENGTH:
        raise ConfigurationRefused(
            f"{path}: this is not a key as the first start made it ({2 * LENGTH} hexadecimal digits); bring it back "
            "from its backup, since with another key every child would be a stranger"
        )
    return key
