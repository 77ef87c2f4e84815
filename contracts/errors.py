"""What can be wrong with a file that says who there is, with the file, the line, the rule and the remedy.

ContractError
└── FileRefused
    ├── DirectoryRefused   a list of organisations or schools
    └── NetworkRefused     a network file
"""

from pathlib import Path


class ContractError(Exception):
    """Something of the language is wrong."""


class FileRefused(ContractError):
    """A file can't be taken; mend it and start again.

    `line` counts from 1; None where the whole file is meant.
    """

    def __init__(self, file: Path, line: int | None, rule: str, *, remedy: str) -> None:
        self.file = file
        self.line = line
        self.rule = rule
        self.remedy = remedy
        place = f"{file}:{line}" if line else f"{file}"
        super().__init__(f"{place}: {rule}. {remedy}")


class DirectoryRefused(FileRefused):
    """A list of organisations or schools can't be taken."""


class NetworkRefused(FileRefused):
    """A network file can't be taken."""
