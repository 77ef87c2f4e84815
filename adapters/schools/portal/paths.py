"""The forms of what stands in an address."""

from typing import Annotated, Literal

from fastapi import Path as InPath

Language = Annotated[Literal["cy", "en"], InPath()]
Ref = Annotated[str, InPath(pattern=r"^[0-9a-f]{32}$")]
"""Of a notification: random, so that none can be guessed from another."""
SchoolNumber = Annotated[str, InPath(pattern=r"^[0-9]{7}$")]
DeskName = Annotated[str, InPath(pattern=r"^[a-z-]{1,60}-education$")]


def path_of(language: str, party: str) -> str:
    """The page of a school or an education desk."""
    kind, _, name = party.strip("/").partition("/")
    return f"/{language}/{'schools' if kind == 'schools' else 'desks'}/{name}"
