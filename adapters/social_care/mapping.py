"""How one case system names fields, codes and organisations: the mapping file, read and checked for its form."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from adapters.sdk.errors import AdapterError
from contracts.parties import AgencyId

PACKAGED = Path(__file__).parent / "mapping.toml"

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]
"""Of the case system: a key of its documents."""
EventPath = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.([a-z][a-z0-9_]*|[0-9]))*$")]
"""Of the contract, below the part that the table is for."""
KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class MappingRefused(AdapterError):
    """The mapping file does not fit the contracts, so that something could not be said: mend it and start again."""


class Mapping(BaseModel):
    """A mapping file as it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    default_language: Literal["cy", "en"]
    """Of a text that is written as a plain string."""
    yes: Word
    no: Word
    ignored: list[FieldName] = []
    """Fields that no agency is told."""
    kinds: dict[KindName, str]
    """The case system's kinds of record, and the events they make, without what all names have in common."""
    records: dict[str, KindName]
    """`Part.field` of the contract, and the kind of record that it points to."""
    fields: dict[str, dict[FieldName, EventPath]]
    """By part of the contract."""
    words: dict[str, dict[Word, str]]
    """By field of the contract, or `Part.field`."""
    organisations: dict[Word, AgencyId]


@cache
def load_mapping(path: Path = PACKAGED) -> Mapping:
    """Read a mapping file; raises MappingRefused."""
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise MappingRefused(f"{path}: can't be read ({wrong}); copy the packaged mapping.toml and change it") from None
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MappingRefused(f"{path}: {place}: {first['msg']}; the packaged mapping.toml shows the form") from None
