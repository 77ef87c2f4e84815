"""What a force decides about its file drop."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PoliceSettings(BaseModel):
    """The table `[police]` of the adapter's configuration file."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    drop: Path
    """Directory into which the records system drops notices; this adapter alone takes from it."""
    out: Path
    """Directory into which notifications are written, one XML file each."""
    poll_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    """Seconds between two looks at the drop directory."""
    settle_s: Annotated[float, Field(ge=0, le=600)] = 2.0
    """Seconds for which a file has to stay as it is; 0 where every file comes by rename."""
    keep_done_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days after which a `.done` file is deleted; `.failed` files stay until a person removes them."""
