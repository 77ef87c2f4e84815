"""The case system's format: a row of `dolen.outgoing` as it comes, a row of `dolen.incoming` as it goes."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from adapters.sdk.declaration import NotTranslated
from contracts.envelope import MAX_EVENT_BYTES, Uuid
from contracts.times import Moment

Id = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f\s]([^\x00-\x1f\x7f-\x9f]{0,62}[^\x00-\x1f\x7f-\x9f\s])?$")
]
"""A number of the case system's own, of a person, case or record."""


class Row(BaseModel):
    """What `dolen.send` or `dolen.answer` stored."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    kind: str
    record_id: Id
    record_version: Annotated[int, Field(ge=1, le=2_147_483_647)] = 1
    person_id: Id | None = None
    """Whom the event is about; None in an answer to a notification."""
    case_id: Id | None = None
    hub_subject: Uuid | None = None
    """Of the notification that is answered."""
    hub_episode: Uuid | None = None
    """Of the notification that the case began with, or that is answered."""
    happened_at: Moment
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """What `dolen.incoming` is given."""

    delivery_id: str
    kind: str
    sender: str
    """By the case system's name for it."""
    hub_event: str
    """The id of the sender's event, by which the case system's own records refer to it."""
    hub_sender: str
    hub_event_type: str
    hub_subject: str
    """The sender's reference of the child."""
    hub_episode: str
    happened_at: datetime
    document: dict[str, Any]


def read(name: str, content: bytes) -> Row:
    """A row in JSON, as the adapter's query writes it; raises NotTranslated."""
    if len(content) > 2 * MAX_EVENT_BYTES:
        raise NotTranslated("too-large", remedy="send what can be pointed to as a document number")
    try:
        found = from_json(content, allow_inf_nan=False)
        return Row.model_validate_json(json.dumps(found, allow_nan=False))
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        column = str(first["loc"][0]) if first["loc"] else ""
        shown = column if column in Row.model_fields else ""
        raise NotTranslated("not-a-row", path=shown, remedy="write rows with dolen.send and dolen.answer") from None
    except (ValueError, RecursionError):
        raise NotTranslated("not-json", remedy="write rows with dolen.send and dolen.answer") from None


def write(notice: Notice) -> bytes:
    """A row of `dolen.incoming` in JSON."""
    columns = asdict(notice) | {"happened_at": notice.happened_at.isoformat()}
    return json.dumps(columns, ensure_ascii=False, indent=2).encode() + b"\n"
