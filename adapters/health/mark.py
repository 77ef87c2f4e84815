"""Keeps how far each kind of resource was read, so that a crash at any point repeats a read and never skips one."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from adapters.sdk.errors import AdapterError


class MarkRefused(AdapterError):
    """The mark's file can't be read or written."""


class Mark:
    """The high-water marks, in a file of their own; a mark never goes back."""

    def __init__(self, path: Path, *, first: datetime) -> None:
        """`first` is where reading begins that has no mark yet; raises MarkRefused."""
        self._path = path
        self._first = first
        self._marks = self._load()

    def of(self, kind: str) -> datetime:
        """What was last changed before this has been taken."""
        return self._marks.get(kind, self._first)

    def move(self, kind: str, to: datetime) -> None:
        """All that was last changed up to `to` is in the outbox; on disk when this returns."""
        if to <= self.of(kind):
            return
        marks = {**self._marks, kind: to}
        written = json.dumps({name: moment.isoformat() for name, moment in marks.items()})
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w", encoding="utf-8") as file:
                file.write(written)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as failure:
            raise MarkRefused(
                f"{self._path}: can't be written ({type(failure).__name__}); reading goes on from the mark before"
            ) from None
        self._marks = marks

    def _load(self) -> Mapping[str, datetime]:
        try:
            written = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(kind): datetime.fromisoformat(moment).astimezone(UTC) for kind, moment in written.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError) as wrong:
            raise MarkRefused(
                f"{self._path}: not a file of marks ({type(wrong).__name__}); delete it, and all since `since` is read "
                "again, of which the outbox keeps nothing twice"
            ) from None
