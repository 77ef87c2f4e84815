"""Decides which files of the drop directory are whole, reads them without following anything, and puts them aside.

Names may be a child's, so none is ever logged; a reason is shown in a file beside the one that it is about.
"""

import json
import os
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.police.names import DONE, FAILED, REASON, RECEIPT, Standing, is_plain, shown, standing_of
from adapters.police.reasons import REMEDIES, NotTaken, Reason

_GRANULARITY_NS = 2_000_000_000
"""Two changes of a directory within this may have one time."""
_FULL_SCAN_S = 60.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """Which event a notice became: the force meets its id again in what the other agencies answer."""

    reference: str
    event: str


class StillGrowing(Exception):
    """The file changed while it was read: it is left alone until it stays as it is."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What a file looked like, and since when."""

    inode: int
    size: int
    changed_ns: int
    since: float


class DropDirectory:
    """One force's directory; one adapter alone takes from it."""

    def __init__(self, path: Path, *, settle_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`settle_s`: how long a file has to stay as it is before it counts as whole."""
        self._path = path
        self._settle_s = settle_s
        self._clock = clock
        self._looks: dict[str, _Look] = {}
        self._scanned: tuple[int, float] | None = None

    def ready(self) -> list[str]:
        """The names of files that are whole, oldest first: one scan of the directory, none while nothing changes."""
        now = self._clock()
        changed_ns = self._path.stat().st_mtime_ns
        if self._is_unchanged(changed_ns, now):
            return []
        looks: dict[str, _Look] = {}
        whole: list[tuple[int, str]] = []
        with os.scandir(self._path) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # taken back between the two calls
                    if _is_ours_to_see(entry):
                        found = entry.stat(follow_symlinks=False)
                        look = looks[entry.name] = self._looked(entry.name, found, now)
                        if now - look.since >= self._settle_s:
                            whole.append((found.st_mtime_ns, entry.name))
        self._looks = looks
        self._scanned = (changed_ns, now) if time.time_ns() - changed_ns > _GRANULARITY_NS else None
        return [name for _, name in sorted(whole)]

    def read(self, name: str, *, most: int) -> bytes:
        """The bytes of a file.

        Raises NotTaken for what is no plain file or too large, StillGrowing, or OSError where it can't be read now.
        """
        if standing_of(name) is not Standing.TAKE:
            raise NotTaken(_refused(name))
        # A link is not followed and a pipe not waited for, though the one or the other took the file's place just now.
        try:
            handle = os.open(self._path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            if stat.S_ISREG(os.lstat(self._path / name).st_mode):
                raise
            raise NotTaken(Reason.NOT_A_PLAIN_FILE) from None
        try:
            return _whole(handle, most)
        finally:
            os.close(handle)

    def done(self, name: str, receipts: Sequence[Receipt]) -> None:
        """A file's events are stored: `.done`, with a receipt beside it."""
        target = self._free(name + DONE)
        self._put(target.name + RECEIPT, _json([{"notice": one.reference, "event": one.event} for one in receipts]))
        self._rename(name, target)

    def failed(self, name: str, why: NotTaken) -> None:
        """A file can't be taken: `.failed`, with the reason beside it; the reason first, so that none goes without."""
        target = self._free(shown(name) + FAILED)
        self._put(target.name + REASON, _explained(why))
        self._rename(name, target)

    def failed_entry(self, name: str, number: int, *, suffix: str, content: bytes, why: NotTaken) -> None:
        """A notice of a ZIP file can't be taken: its bytes are put beside the ZIP file, with the reason."""
        target = self._path / f"{name}.{number}{suffix}{FAILED}"
        if target.exists() and target.read_bytes() != content:
            target = self._free(target.name)
        self._put(target.name + REASON, _explained(why))
        self._put(target.name, content)

    def tidy(self, *, older_than_s: float) -> int:
        """Delete what was taken longer ago, and say how many files that were."""
        limit, gone = time.time() - older_than_s, 0
        with os.scandir(self._path) as entries:
            for entry in entries:
                ended = entry.name.endswith((DONE, DONE + RECEIPT))
                if ended and entry.stat(follow_symlinks=False).st_ctime < limit:
                    os.unlink(entry.path)
                    gone += 1
        return gone

    def _is_unchanged(self, changed_ns: int, now: float) -> bool:
        if self._scanned is None or self._looks:
            return False
        before_ns, at = self._scanned
        return before_ns == changed_ns and now - at < _FULL_SCAN_S

    def _looked(self, name: str, found: os.stat_result, now: float) -> _Look:
        before = self._looks.get(name)
        seen = (found.st_ino, found.st_size, found.st_mtime_ns)
        if before is not None and (before.inode, before.size, before.changed_ns) == seen:
            return before
        return _Look(*seen, since=now)

    def _free(self, name: str) -> Path:
        """A path that no file has yet: what was kept is never written over."""
        path = self._path / name
        if not os.path.lexists(path):
            return path
        stem, dot, ending = name.rpartition(".")
        return self._path / f"{stem}.{datetime.now(UTC):%Y%m%dT%H%M%S%f}{dot}{ending}"

    def _rename(self, name: str, target: Path) -> None:
        os.rename(self._path / name, target)
        self._looks.pop(name, None)

    def _put(self, name: str, content: bytes) -> None:
        temporary = self._path / f".{name}.tmp"
        temporary.write_bytes(content)
        os.replace(temporary, self._path / name)


def _whole(handle: int, most: int) -> bytes:
    before = os.fstat(handle)
    if not stat.S_ISREG(before.st_mode):
        raise NotTaken(Reason.NOT_A_PLAIN_FILE)
    if before.st_size > most:
        raise NotTaken(Reason.TOO_LARGE)
    with os.fdopen(handle, "rb", closefd=False) as file:
        content = file.read(most + 1)
    after = os.fstat(handle)
    if (len(content), before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise StillGrowing
    return content


def _is_ours_to_see(entry: "os.DirEntry[str]") -> bool:
    """Whether a file has to be taken or refused; a folder is the force's own, unless it is called like a file."""
    standing = standing_of(entry.name)
    return standing is Standing.TAKE or (standing is Standing.REFUSE and not entry.is_dir(follow_symlinks=False))


def _refused(name: str) -> Reason:
    return Reason.UNKNOWN_FORMAT if is_plain(name) else Reason.NAME


def _explained(why: NotTaken) -> bytes:
    remedy = REMEDIES[why.reason]
    return _json(
        {
            "code": why.reason.value,
            "paths": list(why.paths),
            "rules": list(why.rules),
            "remedy": {"cy": remedy.cy, "en": remedy.en},
        }
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
