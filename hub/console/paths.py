"""The forms of what stands in an address."""

from typing import Annotated, Literal

from fastapi import Path as InPath

Language = Annotated[Literal["cy", "en"], InPath()]
AgencyName = Annotated[str, InPath(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
AnyId = Annotated[str, InPath(max_length=200)]
"""An id in any of its forms, or anything else that somebody types into the address."""
RedriveId = Annotated[str, InPath(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
