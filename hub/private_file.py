"""Decides how secrets lie on disk: small TOML files, whole or not there at all, readable by their owner alone."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

Value = str | int | float | bool | datetime
Table = Mapping[str, Value]
Document = Mapping[str, Table | Iterable[Table]]
"""Tables by (dotted) name; a sequence of tables is an array of tables."""


def write_toml(path: Path, document: Document, *, comment: str) -> None:
    """Write `document` below `comment`."""
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    for name, content in document.items():
        tables = [content] if isinstance(content, Mapping) else list(content)
        heading = f"[{name}]" if isinstance(content, Mapping) else f"[[{name}]]"
        for table in tables:
            lines += ["", heading, *(f"{key} = {_toml(value)}" for key, value in table.items())]
    write_private(path, "\n".join(lines) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file with mode 0600 in one step: a reader sees the old content or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _toml(value: Value) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value)
