"""The case system's format: one JSON file for each change of address, one for each notification."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from adapters.sdk.declaration import NotTranslated

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Part(BaseModel):
    """A part of a record; what the system adds in a later version is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Person(Part):
    """A child, as the case system has it."""

    number: Text
    forename: Text
    surname: Text
    born: date
    sex: Literal["female", "male", "indeterminate", "not-known"] = "not-known"


class ChangeOfAddress(Part):
    """A child lives or stays somewhere else."""

    record: Text
    """The record's number; a changed record comes with a higher version."""
    version: Annotated[int, Field(ge=1)]
    case: Text
    authority: Text
    told: tuple[Text, ...] = ()
    child: Person
    moved: date
    learned: AwareDatetime
    recorded: AwareDatetime
    stay: Literal["temporary", "permanent", "not-known"]
    to_authority: Text


class Letter(Part):
    """What the hub tells the agency."""

    id: str
    sender: str
    type: str
    child: str
    episode: str
    number: int
    time: str
    says: dict[str, Any]


def read(name: str, content: bytes) -> ChangeOfAddress:
    """A record of the case system's; raises NotTranslated."""
    try:
        return ChangeOfAddress.model_validate_json(content)
    except ValidationError as wrong:
        found = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        path = ".".join(str(part) for part in found["loc"])
        if found["type"] == "missing":
            raise NotTranslated("field-missing", path=path, remedy="fill it in and write the record again") from None
        if found["type"] == "json_invalid":
            raise NotTranslated("not-json", remedy="write the whole file, as UTF-8, then rename it") from None
        raise NotTranslated("field-wrong", path=path, remedy="correct it and write the record again") from None


def write(native: Letter) -> bytes:
    """A notification's file."""
    return native.model_dump_json(indent=2).encode() + b"\n"
