"""An event as a recipient gets it: the same, less what the recipient's view leaves out, and marked with whose it is."""

from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

from pydantic import Field, StringConstraints, create_model

from contracts.base import Contract
from contracts.classification import contracts_in
from contracts.envelope import Event, Uuid
from contracts.parties import PartyUri
from contracts.sharing import Sharing

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

    Every field of `data`, at every depth, may be missing, since a view may leave it out, and a list may be cut to the
    recipient's own part; unknown fields are still refused, and what is there still has its form. Rules between fields
    are the sender's to keep and are not checked again: a view breaks some of them on purpose.
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
    """The same contract with every field optional, and every field of its parts."""
    written = get_type_hints(model, include_extras=True)
    fields: dict[str, Any] = {
        name: (_shown(written[name]) | None, Field(default=None, description=field.description))
        for name, field in model.model_fields.items()
    }
    return cast(
        "type[Contract]", create_model(f"{model.__name__}View", __base__=Contract, __doc__=model.__doc__, **fields)
    )


def _shown(written: Any) -> Any:
    """The same annotation, with parts that may lack fields in the place of contracts.

    Of what is said of a field that holds parts, its class alone is kept: a list may be cut shorter than its least
    length, and the tag that tells variants apart may itself be left out.
    """
    if not any(contracts_in(written)):
        return written
    if isinstance(written, type) and issubclass(written, Contract):
        return _part_of(written)
    if get_origin(written) is Annotated:
        inner, *said = get_args(written)
        return reduce(_annotated, (item for item in said if isinstance(item, Sharing)), _shown(inner))
    if get_origin(written) is tuple:
        return tuple[_shown(get_args(written)[0]), ...]  # type: ignore[misc]
    return reduce(or_, (_shown(variant) for variant in get_args(written)))


def _annotated(annotation: Any, sharing: Sharing) -> Any:
    return Annotated[annotation, sharing]
