"""What an agency decides about its two folders."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """The adapter's own table of its configuration file."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    drop: Path
    """Folder into which the case system puts its records, each by rename."""
    out: Path
    """Folder into which notifications are written, one file each."""
    poll_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    """Seconds between two looks at the drop folder."""
