"""What people write: names, lines and statements, without control characters, and in a stated language."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from contracts.base import Contract

# Refused: C0 and C1 controls (NUL cuts a name short in many a C program), and the marks that turn the direction of
# text round, which make one name look like another. A statement may hold tabs and line ends.
_INVISIBLE = r"\x7f-\x9f\u202a-\u202e\u2066-\u2069"
_CONTROL = rf"\x00-\x1f\u2028\u2029{_INVISIBLE}"
_CONTROL_BUT_LINE_ENDS = rf"\x00-\x08\x0b\x0c\x0e-\x1f{_INVISIBLE}"


def _written(control: str) -> str:
    """A pattern for text with at least one visible character and none of the refused ones."""
    return rf"^[^{control}]*[^\s{control}][^{control}]*$"


Name = Annotated[str, StringConstraints(pattern=_written(_CONTROL), max_length=100)]
"""A name of a person, in any script."""

Line = Annotated[str, StringConstraints(pattern=_written(_CONTROL), max_length=200)]
"""One line of text."""

Prose = Annotated[str, StringConstraints(pattern=_written(_CONTROL_BUT_LINE_ENDS), max_length=8000)]
"""Paragraphs. Longer documents stay where they are and are pointed to."""

Language = Literal["cy", "en"]
"""The languages that practitioners write in."""


class Statement(Contract):
    """What a practitioner wrote, in the language it was written in: never translated by a machine."""

    text: Prose
    language: Language
