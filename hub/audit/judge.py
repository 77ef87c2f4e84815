"""Decides who sent an inbound record and whether it is a valid event: signature, bytes, JSON, contract, facts."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError

from contracts.envelope import Event
from contracts.event_type import EventType
from contracts.faults import FaultCode
from contracts.registry import REGISTRY
from hub.audit import ids
from hub.audit.named import Strangers
from hub.audit.redriven import Redriven, redriven
from hub.audit.source import Headers, Record
from hub.audit.standing import Standing
from hub.audit.strict_json import Unreadable, read

SKEW_MS = 300_000
MOST_HEADERS = 64
MOST_FAULTS = 16

_SOURCE = re.compile(r"/(?:schools/\d{7}|agencies/[a-z][a-z0-9-]{0,63})", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEY_ID = re.compile(rb"[a-z0-9][a-z0-9.-]{0,79}")
_HEX = re.compile(rb"[0-9a-f]{64}")
_HOP = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")

Codes = frozenset[str]


class Signer(NamedTuple):
    """Who signed a record, with which key, and what is wrong with that."""

    agency: str | None
    key_id: str | None
    fault: str | None


class Trace(NamedTuple):
    """Where the hub's step must stand in the event's trace."""

    trace_id: str
    parent: str | None
    span: str
    origin: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What an inbound record is, before it is known whether it repeats another."""

    record: Record
    signer: Signer
    codes: Codes
    """Why it must be turned away; none: it is a valid event."""
    exact: bool
    """Whether all the codes must be told; else one of them is enough (bytes that are wrong in several ways)."""
    name: Mapping[str, Any]
    """What names the event: source, id, type, and of a valid one more."""
    document: Mapping[str, Any] | None
    event: Event | None
    kind: EventType | None
    trace: Trace
    receipt_to: str | None
    redrive: Redriven

    @property
    def valid(self) -> bool:
        """Whether the hub must take it."""
        return not self.codes

    @property
    def digest(self) -> str | None:
        """SHA-256 of the value, hexadecimal."""
        return None if self.record.value is None else hashlib.sha256(self.record.value).hexdigest()


class Judge:
    """Judges records by one standing: keys, directory and network."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._strangers = Strangers(standing)

    def judge(
        self, record: Record, unseen: tuple[Signer, Trace | None] | None = None, *, key_was_unknown: bool = False
    ) -> Judged:
        """What `record` is; `unseen` says what its headers hold where they can't be read.

        `key_was_unknown`: by the keyring of then, in which its key was not.
        """
        again = redriven(record, self._standing.redrive_key)
        known = unseen[0] if unseen else self._signer(record, again.fault, key_was_unknown=key_was_unknown)
        read_as = read(record.value)
        document = None if isinstance(read_as, Unreadable) else read_as
        name = _name(document)
        kind = REGISTRY.get(name["type"] or "")
        event, exact = None, True
        if known.fault is not None:
            codes = frozenset({known.fault})
        elif isinstance(read_as, Unreadable):
            codes, exact = read_as.codes, len(read_as.codes) == 1
        else:
            event, codes = self._content(record, read_as, kind, known.agency)
        if unseen:
            codes, exact = codes | {FaultCode.HEADERS_TOO_MANY.value}, False
        if event is not None and not codes and document is not None:
            name = {part: document[part] for part in _NAMED}
        else:
            event = None
        return Judged(
            record=record,
            signer=known,
            codes=codes,
            exact=exact,
            name=name,
            document=document if event is not None else None,
            event=event,
            kind=kind,
            trace=(unseen[1] if unseen else None) or _trace(record, event),
            receipt_to=self._receipt_to(known.agency, name["source"]),
            redrive=again,
        )

    def _signer(self, record: Record, unattested: str | None, *, key_was_unknown: bool) -> Signer:
        headers = record.headers or ()
        wrong = _wrong_headers(headers) or unattested
        signatures = [value for name, value in headers if name == "dolen-signature"]
        if not signatures:
            return Signer(None, None, wrong or FaultCode.UNSIGNED.value)
        parts = (signatures[0] or b"").split(b",")
        if len(signatures) > 1 or not _is_signature(parts):
            return Signer(None, None, wrong or FaultCode.SIGNATURE_MALFORMED.value)
        key = None if key_was_unknown else self._standing.keys.get(parts[1].decode())
        if key is None:
            return Signer(None, None, wrong or FaultCode.KEY_UNKNOWN.value)
        mac = hmac.new(key.secret, record.value or b"", hashlib.sha256).hexdigest()
        if mac.encode() != parts[2]:
            return Signer(None, key.key_id, wrong or FaultCode.SIGNATURE_WRONG.value)
        late = not key.valid_from_ms <= record.timestamp < key.valid_to_ms
        return Signer(key.agency, key.key_id, wrong or (FaultCode.KEY_NOT_VALID.value if late else None))

    def _content(
        self, record: Record, document: dict[str, Any], kind: EventType | None, signer: str | None
    ) -> tuple[Event | None, Codes]:
        if kind is None:
            return None, frozenset({FaultCode.UNKNOWN_TYPE.value})
        if self._standing.families.get(record.topic) != kind.family:
            return None, frozenset({FaultCode.WRONG_TOPIC.value})
        if self._standing.kinds.get(signer or "") not in kind.publishers:
            return None, frozenset({FaultCode.NOT_YOURS_TO_SEND.value})
        try:
            event = kind.model.model_validate_json(record.value or b"")
        except ValidationError as wrong:
            return None, _model_codes(wrong)
        return event, frozenset(self._untrue(record, document, event, signer))

    def _untrue(self, record: Record, document: Mapping[str, Any], event: Event, signer: str | None) -> Iterator[str]:
        source = document["source"]
        if agency_of(source) != signer:
            yield FaultCode.NOT_THE_SIGNERS_SOURCE.value
        if record.key is None or record.key != document["subject"].encode():
            yield FaultCode.KEY_IS_NOT_SUBJECT.value
        if event.time.timestamp() * 1000 - record.timestamp > SKEW_MS:
            yield FaultCode.TIME_IN_FUTURE.value
        if self._strangers.any(document):
            yield FaultCode.UNKNOWN_ORGANISATION.value
        if ".receipts." in document["type"]:
            data = document["data"]
            if data["delivery"] != ids.delivery(data["original"]["source"], data["original"]["id"], source):
                yield FaultCode.NOT_A_DELIVERY.value

    def _receipt_to(self, signer: str | None, source: str | None) -> str | None:
        """Whoever signed hears of it; of what nobody signed, the party that it names."""
        party = source
        if signer is not None and (source is None or agency_of(source) != signer):
            party = f"/agencies/{signer}"
        return party if party is not None and agency_of(party) in self._standing.kinds else None


def agency_of(party: str) -> str:
    """The agency whose topics a party's records go to."""
    return "schools" if party.startswith("/schools/") else party.removeprefix("/agencies/")


_NAMED = ("source", "id", "type", "subject", "correlationid", "sequence", "time")


def _name(document: Mapping[str, Any] | None) -> dict[str, Any]:
    found = document or {}
    source, event_id, name = found.get("source"), found.get("id"), found.get("type")
    return {
        "source": source if isinstance(source, str) and _SOURCE.fullmatch(source) else None,
        "id": event_id if isinstance(event_id, str) and _UUID.fullmatch(event_id) else None,
        "type": name if isinstance(name, str) and name in REGISTRY else None,
    }


def _is_signature(parts: list[bytes]) -> bool:
    return (
        len(parts) == 3
        and parts[0] == b"v1"
        and _KEY_ID.fullmatch(parts[1]) is not None
        and _HEX.fullmatch(parts[2]) is not None
    )


def _wrong_headers(headers: Headers) -> str | None:
    if len(headers) > MOST_HEADERS:
        return FaultCode.HEADERS_TOO_MANY.value
    for name, value in headers:
        try:
            name.encode("utf-8")
            (value or b"").decode("utf-8")
        except UnicodeError:
            return FaultCode.HEADER_NOT_UTF8.value
    return None


_OF_MODEL = {"missing": FaultCode.FIELD_MISSING.value, "extra_forbidden": FaultCode.FIELD_UNKNOWN.value}


def _model_codes(wrong: ValidationError) -> Codes:
    details = wrong.errors(include_input=False, include_context=False, include_url=False)[:MOST_FAULTS]
    return frozenset(_OF_MODEL.get(detail["type"], FaultCode.FIELD_INVALID.value) for detail in details)


def _trace(record: Record, event: Event | None) -> Trace:
    origin = event.traceparent if event is not None else None
    hops = [value for name, value in record.headers or () if name == "traceparent" and value is not None]
    step = ids.step(record.at)
    before = _hop(hops[0].decode("latin-1")) if hops else None
    before = before or _hop(origin or "")
    if before is None:
        return Trace(ids.trace(record.at), None, step, origin)
    return Trace(before[0], before[1], step, origin)


def _hop(text: str) -> tuple[str, str] | None:
    found = _HOP.fullmatch(text)
    if found is None or not found[1].strip("0") or not found[2].strip("0"):
        return None
    return found[1], found[2]
