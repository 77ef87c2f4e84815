"""Decides whether what somebody typed is a reason: one line, and more than a word."""

from pydantic import TypeAdapter, ValidationError

from contracts.text import Line

SHORTEST = 10
"""Characters: a word is no reason."""

_LINE: TypeAdapter[str] = TypeAdapter(Line)


def reason_of(typed: str) -> str | None:
    """The reason, or None where it is none; as long as an access record can hold it."""
    try:
        reason = _LINE.validate_python(typed.strip())
    except ValidationError:
        return None
    return reason if len(reason) >= SHORTEST else None
