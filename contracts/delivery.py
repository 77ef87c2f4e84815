"""An event as a recipient gets it: the same, less what the recipient's view leaves out, and marked with whose it is."""

from functools import cache
from typing import Annotated, Any, cast, get_origin, get_type_hints

from pydantic import Field, StringConstraints, create_model
from pydantic.fields import FieldInfo

from contracts.base import Contract
from contracts.classification import parts_of, sharing_of
from contracts.envelope import Event, Uuid
from contracts.parties import PartyUri

View = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""A view of the policy, by name."""


class Delivery(Event):
    """A notification to one recipient.

    `id` is the notification's own, the same over every retry; `source` is the sender's, and `origin` the id of the
    sender's event.
    """

    origin: Uuid
    recipient: PartyUri
    view: View


@cache
def view_of(model: type[Event]) -> type[Delivery]:
    """The model by which a recipient parses a notification of this event type.

    Every field of `data` may be missing, since a view may leave it out, and a list may be cut to the recipient's own
    part; unknown fields are still refused, and what is there still has its form. Rules between fields are the
    sender's to keep and are not checked again: a view breaks some of them on purpose.
    """
    fields: dict[str, Any] = {
        "type": (model.model_fields["type"].annotation, ...),
        "data": (_part_of(_data(model)), ...),
    }
    first_line = (model.__doc__ or "").partition("\n")[0]
    made = create_model(
        f"{model.__name__}Delivery", __base__=Delivery, __doc__=f"A notification: {first_line}", **fields
    )
    return cast("type[Delivery]", made)


def _data(model: type[Event]) -> type[Contract]:
    return cast("type[Contract]", model.model_fields["data"].annotation)


@cache
def _part_of(model: type[Contract]) -> type[Contract]:
    """The same contract with every field optional, down to the fields that are shown or left out as a whole."""
    written = get_type_hints(model, include_extras=True)
    fields: dict[str, Any] = {
        name: (_shown(written[name], field) | None, Field(default=None, description=field.description))
        for name, field in model.model_fields.items()
    }
    return cast(
        "type[Contract]", create_model(f"{model.__name__}View", __base__=Contract, __doc__=model.__doc__, **fields)
    )


def _shown(written: Any, field: FieldInfo) -> Any:
    parts = parts_of(field)
    if sharing_of(field) is not None or not parts:
        return written
    (part,) = parts  # a union without one class for the whole could not be told apart once its tag is left out
    return tuple[_part_of(part), ...] if get_origin(field.annotation) is tuple else _part_of(part)  # type: ignore[misc]
