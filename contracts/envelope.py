"""The envelope around every event: CloudEvents 1.0, structured JSON, with the extensions that order and trace it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.base import Contract
from contracts.parties import PartyUri
from contracts.times import Moment

CONTENT_TYPE = b"application/cloudevents+json"

MAX_EVENT_BYTES = 256 * 1024
"""The size of an event, in bytes of its JSON; checked before anything is parsed."""

Uuid = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", max_length=36)
]
"""A UUID in its one canonical spelling (RFC 9562, lower case): two spellings of one id would be two identities."""

Traceparent = Annotated[str, StringConstraints(pattern=r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$", max_length=55)]
"""W3C Trace Context, version 00."""

Tracestate = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]+$", max_length=512)]

DataSchema = Annotated[str, StringConstraints(pattern=r"^urn:dolen:schema:[a-z0-9.-]+$", max_length=160)]
"""`urn:dolen:schema:<type>`."""


def data_schema(event_type: str) -> str:
    """The `dataschema` of an event type."""
    return f"urn:dolen:schema:{event_type}"


class Event(Contract):
    """One event of one agency (https://github.com/cloudevents/spec, version 1.0.2).

    Identity is (`source`, `id`). Each event type narrows `type` to a literal and `data` to a model.
    """

    specversion: Literal["1.0"]
    id: Uuid
    """Chosen by the sender's outbox, once; the same on every resend."""
    source: PartyUri
    type: str
    subject: Uuid
    """The sender's reference of the child; also the Kafka key. Never a name, NHS number or URN."""
    time: Moment
    """When it happened at the sender, with an offset."""
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: DataSchema
    correlationid: Uuid
    """The episode: groups siblings and all stages of one procedure."""
    sequence: Annotated[int, Field(ge=1, le=2_147_483_647)]
    """Per source and subject, from 1."""
    traceparent: Traceparent | None = None
    """The origin's trace context (CloudEvents distributed tracing); the hop's is a Kafka header."""
    tracestate: Tracestate | None = None
    data: Contract
