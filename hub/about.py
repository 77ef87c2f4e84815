"""What is known of an inbound record whatever becomes of it: where it stands, who sent it, which trace it is in."""

from dataclasses import dataclass
from typing import Any

from contracts.headers import parse_traceparent
from contracts.identity import receipt_id, span_id, trace_id
from contracts.network import Network
from contracts.parties import agency_of, agency_uri
from hub.outcomes import Trace
from hub.record import Coordinates, Record
from hub.validate import Identity, Refused, Valid
from hub.verify import Signed, hop

_NAMED = ("source", "id", "type", "subject", "correlationid", "sequence", "time")


@dataclass(slots=True)
class About:
    """Everything that an answer and a ledger entry say of a record besides its outcome."""

    at: Coordinates
    time_ms: int
    """Broker time, milliseconds since 1970."""
    size: int
    digest: str | None
    """SHA-256 of the value, hexadecimal."""
    signed: Signed
    name: dict[str, Any]
    """What names the event: source, id, type, and of a valid one subject, correlationid, sequence and time."""
    receipt_to: str | None
    """Who hears of the outcome, if there is anybody."""
    receipt: str | None
    """The id of that receipt."""
    trace: Trace


def about(record: Record, *, digest: bytes, signed: Signed, checked: Valid | Refused, network: Network) -> About:
    """Gather it from what verification and validation found; `digest` is the SHA-256 of the record's value."""
    at = Coordinates(record.topic, record.partition, record.offset)
    if isinstance(checked, Valid):
        document = checked.document
        name = {part: document[part] for part in _NAMED}
        identity = Identity(document["source"], document["id"], document["type"])
    else:
        identity = checked.identity
        name = {"source": identity.source, "id": identity.event_id, "type": identity.type}
    to = _receipt_to(signed, identity, network)
    return About(
        at=at,
        time_ms=record.timestamp,
        size=len(record.value) if record.value is not None else 0,
        digest=digest.hex() if record.value is not None else None,
        signed=signed,
        name=name,
        receipt_to=to,
        receipt=receipt_id(at.topic, at.partition, at.offset) if to is not None else None,
        trace=_trace(record, at, checked),
    )


def _receipt_to(signed: Signed, identity: Identity, network: Network) -> str | None:
    """The party that signed; else the one that the event names, if it takes part."""
    party = identity.source
    if signed.agency is not None and (party is None or agency_of(party) != signed.agency):
        party = agency_uri(signed.agency)
    return party if party is not None and agency_of(party) in network.organisations else None


def _trace(record: Record, at: Coordinates, checked: Valid | Refused) -> Trace:
    previous = hop(record.headers)
    own = span_id(str(at))
    origin = checked.event.traceparent if isinstance(checked, Valid) else None
    if previous is None and origin is not None:
        previous = parse_traceparent(origin.encode())
    if previous is not None:
        return Trace(previous[0], previous[1], own, origin)
    return Trace(trace_id("/hub", str(at)), None, own, origin)
