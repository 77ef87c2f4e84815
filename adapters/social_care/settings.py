"""What an agency sets for its case system: the table `[social_care]` of the adapter's configuration file."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class SocialCareSettings(BaseModel):
    """Where the case system's database is, and how it is worked with."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    database_url: SecretStr
    """`postgresql://user:password@host:port/database` of a user that is granted `dolen_adapter`."""
    mapping: Path | None = None
    """The agency's own mapping file; without one the packaged one is used."""
    poll_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 5
    """How often the tables are looked at when nothing is notified: how late a row is at most when a NOTIFY is lost."""
    batch: Annotated[int, Field(ge=1, le=1000)] = 200
    """The most rows that are taken at once."""
