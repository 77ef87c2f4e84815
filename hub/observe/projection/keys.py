"""Reads the keyring again when its file has changed: whoever judges signatures beside the lanes asks here."""

from pathlib import Path

import structlog

from hub.errors import StartRefused
from hub.keyring import Keyring, load_keyring

log = structlog.get_logger("dolen.keys")


class KeyringFile:
    """The keyring of a state directory; where it is wrong, the one before stays in force."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "hub" / "keyring.toml"
        self._stamp = self._look()
        self._keys = load_keyring(self._path)

    def current(self) -> Keyring:
        """What is in force now."""
        try:
            stamp = self._look()
            if stamp != self._stamp:
                self._keys = load_keyring(self._path)
                self._stamp = stamp
        except (OSError, StartRefused) as wrong:
            log.warning("keys.unreadable", reason=type(wrong).__name__)
        return self._keys

    def _look(self) -> tuple[int, int]:
        stat = self._path.stat()
        return stat.st_mtime_ns, stat.st_size
