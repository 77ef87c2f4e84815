"""The text of a policy's files: read once, so that the version is of what was read, and a refusal names its line."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from contracts.toml_lines import line_of
from hub.errors import StartRefused
from hub.policy_rows import Row

FileForm = TypeVar("FileForm", bound=Row)
RowForm = TypeVar("RowForm", bound=Row)


class PolicyRefused(StartRefused):
    """The sharing policy doesn't hold together; mend the line it names (a policy already in force stays in force)."""

    def __init__(self, file: Path, line: int | None, rule: str, *, remedy: str) -> None:
        self.file = file
        self.line = line
        self.rule = rule
        self.remedy = remedy
        super().__init__(f"{file}:{line}: {rule}. {remedy}" if line else f"{file}: {rule}. {remedy}")


class PolicyText:
    """The files of one folder, and their version: the first 16 hexadecimal digits of the SHA-256 over all of them."""

    def __init__(self, folder: Path, drafted: Mapping[str, str] | None = None) -> None:
        """`drafted` are texts that stand in the place of files, by their names below the folder."""
        self.folder = folder
        own = {folder / name: text for name, text in (drafted or {}).items()}
        files = sorted({*folder.rglob("*.toml"), *own})
        self._texts = {path: own[path] if path in own else _read(path) for path in files}
        digest = hashlib.sha256()
        for path, text in self._texts.items():
            digest.update(f"{path.relative_to(folder).as_posix()}\n{len(text)}\n{text}\n".encode())
        self.version = digest.hexdigest()[:16]

    @property
    def names(self) -> list[str]:
        """The files, by their names below the folder."""
        return [path.relative_to(self.folder).as_posix() for path in self._texts]

    @property
    def rules(self) -> list[Path]:
        """The files below `rules/`."""
        return [path for path in self._texts if path.parent == self.folder / "rules"]

    def parse(self, path: Path, form: type[FileForm]) -> FileForm:
        """The rows of a file, each in its form."""
        if path not in self._texts:
            remedy = "Copy the file from the packaged policy (hub/policy) and change it."
            raise PolicyRefused(path, None, "the policy lacks this file", remedy=remedy)
        try:
            return form.model_validate(tomllib.loads(self._texts[path]))
        except tomllib.TOMLDecodeError as wrong:
            found = re.search(r"at line (\d+)", str(wrong))
            line = int(found[1]) if found else self._texts[path].count("\n") + 1
            raise PolicyRefused(path, line, "the line is not TOML", remedy="See https://toml.io/en/v1.0.0.") from None
        except ValidationError as wrong:
            raise self._misformed(path, wrong) from None

    def line(self, path: Path, where: tuple[str | int, ...]) -> int | None:
        """The line of a place such as ("rule", 3, "tell")."""
        return line_of(self._texts[path], where)

    def _misformed(self, path: Path, wrong: ValidationError) -> PolicyRefused:
        first = wrong.errors(include_url=False)[0]
        named = ".".join(str(step) for step in first["loc"] if not isinstance(step, int))
        seen = f' (seen: "{first["input"]}")' if isinstance(first["input"], str) else ""
        return PolicyRefused(
            path,
            self.line(path, first["loc"][:3]),
            f"{named}: {first['msg']}{seen}",
            remedy="The packaged policy's files (hub/policy) show the form of each key.",
        )


@dataclass(frozen=True, slots=True)
class Placed(Generic[RowForm]):
    """A row, and where it stands."""

    row: RowForm
    path: Path
    text: PolicyText
    table: str
    index: int

    def refuse(self, key: str, rule: str, remedy: str) -> PolicyRefused:
        """The refusal of what the row says under a key."""
        line = self.text.line(self.path, (self.table, self.index, key))
        return PolicyRefused(self.path, line, rule, remedy=remedy)


def placed(text: PolicyText, path: Path, table: str, rows: tuple[RowForm, ...]) -> Iterator[Placed[RowForm]]:
    """The rows of one table, each with its place."""
    for index, row in enumerate(rows):
        yield Placed(row, path, text, table, index)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise PolicyRefused(path, None, "the file can't be read", remedy="Save it as UTF-8 text.") from None
