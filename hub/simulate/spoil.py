"""Spoils good events in every way that the hub has a fault code for, and says which code that must give."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from contracts.envelope import MAX_EVENT_BYTES
from contracts.faults import FaultCode
from contracts.headers import SIGNATURE
from contracts.network import Network
from contracts.registry import REGISTRY
from contracts.topics import inbound
from hub.access import families_of
from hub.outcomes import Outcome
from hub.simulate.people import People
from hub.simulate.planned import CONFLICT, Expectation, Headers, Keys, Planned, signed

Document = dict[str, Any]

ENDED_KEY = "ended-key"
"""The one way to be wrong that needs something of the hub: a key in its keyring that is valid no longer."""

LARGE = MAX_EVENT_BYTES + 1024


@dataclass(frozen=True, slots=True)
class Spoiler:
    """Spoils events of one network."""

    keys: Keys
    network: Network
    rng: Random
    prefix: str = ""
    large_bytes: int = LARGE
    """Size of the records that are too large."""

    def spoil(self, good: Planned, kind: str) -> Planned | None:
        """A record of its own like `good`, with a new id, that is wrong in one way.

        None where this event can't be wrong in this way: one about an unborn child has no NHS number.
        """
        document = _document(good) | {"id": People(self.rng).uuid()}
        wrong = KINDS[kind].make(self, good, document)
        return wrong and wrong.expecting(Expectation(Outcome.REJECTED, KINDS[kind].fault, kind))

    def contradict(self, good: Planned) -> Planned:
        """Other content under the id of an event that was sent before."""
        document = _document(good)
        moment = datetime.fromisoformat(document["time"]) - timedelta(seconds=self.rng.randrange(1, 3600))
        document["time"] = moment.astimezone(UTC).isoformat()
        return self.with_document(good, document).expecting(CONFLICT)

    def with_document(self, good: Planned, document: Document) -> Planned:
        """The record of another event, signed as the good one was."""
        return self.with_value(good, json.dumps(document, ensure_ascii=False).encode())

    def with_value(self, good: Planned, value: bytes | None) -> Planned:
        """The record of other bytes, signed as the good one was."""
        return replace(good, value=value, headers=self.keys.headers(good.agency, value, *_unsigned(good.headers)))


Make = Callable[[Spoiler, Planned, Document], Planned | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to be wrong."""

    fault: FaultCode
    make: Make


def _not_utf8(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    return spoiler.with_value(good, json.dumps(document).encode().replace(b'"id"', b'"i\xff"'))


def _not_json(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    value = json.dumps(document).encode()
    return spoiler.with_value(good, value[: spoiler.rng.randrange(1, len(value) - 1)])


def _too_deep(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    return spoiler.with_value(good, b'{"data":' + b"[" * 5000 + b"]" * 5000 + b"}")


def _too_large(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    value = json.dumps(document).encode()
    return spoiler.with_value(good, value + b" " * (spoiler.large_bytes - len(value)))


def _not_a_number(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    return spoiler.with_document(good, document | {"sequence": float("nan")})


def _key_twice(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    value = json.dumps(document).encode()
    return spoiler.with_value(good, value[:-1] + b', "subject": "' + (good.key or b"") + b'"}')


def _empty(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    return spoiler.with_value(good, None)


def _unknown_type(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    name = document["type"].replace(".v1", ".v9")
    return spoiler.with_document(good, document | {"type": name, "dataschema": f"urn:dolen:schema:{name}"})


def _wrong_topic(spoiler: Spoiler, good: Planned, document: Document) -> Planned | None:
    kind = spoiler.network.kind_of(good.agency)
    writable = () if kind is None else sorted(families_of(kind, REGISTRY))
    others = [topic for family in writable if (topic := spoiler.prefix + inbound(family)) != good.topic]
    if not others:
        return None
    return replace(spoiler.with_document(good, document), topic=spoiler.rng.choice(others))


def _not_yours(spoiler: Spoiler, good: Planned, document: Document) -> Planned | None:
    """Others than social services decide on a report, on the topic where they may send reports."""
    if not document["type"].endswith("referrals.submitted.v1") or good.agency.endswith("-social-services"):
        return None
    name = document["type"].replace("submitted", "decided")
    return spoiler.with_document(good, document | {"type": name, "dataschema": f"urn:dolen:schema:{name}"})


def _other_key(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    return replace(spoiler.with_document(good, document), key=People(spoiler.rng).uuid().encode())


def _missing(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    del document["correlationid"]
    return spoiler.with_document(good, document)


def _unknown_field(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    return spoiler.with_document(good, document | {"data": document["data"] | {"enw": "x"}})


def _check_digit(spoiler: Spoiler, good: Planned, document: Document) -> Planned | None:
    for child in _children(document):
        if number := child.get("nhs_number"):
            child["nhs_number"] = number[:-1] + str((int(number[-1]) + 1) % 10)
            return spoiler.with_document(good, document)
    return None


def _future(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    return spoiler.with_document(good, document | {"time": "2999-01-01T00:00:00+00:00"})


def _nowhere(spoiler: Spoiler, good: Planned, document: Document) -> Planned | None:
    if "responsible_authority" not in document["data"]:
        return None
    data = document["data"] | {"responsible_authority": "nowhere-social-services"}
    return spoiler.with_document(good, document | {"data": data})


def _not_a_delivery(spoiler: Spoiler, good: Planned, document: Document) -> Planned | None:
    if "delivery" not in document["data"]:
        return None
    data = document["data"] | {"delivery": People(spoiler.rng).uuid()}
    return spoiler.with_document(good, document | {"data": data})


def _unsigned_record(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    new = spoiler.with_document(good, document)
    return replace(new, headers=_unsigned(new.headers))


def _malformed(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    new = spoiler.with_document(good, document)
    return replace(new, headers=((SIGNATURE, b"v0,none"), *_unsigned(new.headers)))


def _unknown_key(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    new = spoiler.with_document(good, document)
    key = replace(spoiler.keys.current[good.agency], key_id="nobody-19990101-000000")
    return replace(new, headers=signed(key, new.value, *_unsigned(new.headers)))


def _tampered(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    new = spoiler.with_document(good, document)
    return replace(new, value=(new.value or b"") + b" ")


def _ended_key(spoiler: Spoiler, good: Planned, document: Document) -> Planned | None:
    new, key = spoiler.with_document(good, document), spoiler.keys.ended.get(good.agency)
    if key is None:
        return None
    return replace(new, headers=signed(key, new.value, *_unsigned(new.headers)))


def _others_key(spoiler: Spoiler, good: Planned, document: Document) -> Planned | None:
    """In another's name: only of a type that both may send, so that the type is not what is wrong."""
    if not document["type"].endswith("referrals.submitted.v1"):
        return None
    others = [key for agency, key in spoiler.keys.current.items() if agency != good.agency]
    new = spoiler.with_document(good, document)
    return replace(new, headers=signed(spoiler.rng.choice(others), new.value, *_unsigned(new.headers)))


def _header_bytes(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    new = spoiler.with_document(good, document)
    return replace(new, headers=(*new.headers, ("x-from", b"\xff\xfe")))


def _many_headers(spoiler: Spoiler, good: Planned, document: Document) -> Planned:
    new = spoiler.with_document(good, document)
    return replace(new, headers=(*new.headers, *(("x", b"1") for _ in range(70))))


KINDS: Mapping[str, Kind] = {
    "not-utf8": Kind(FaultCode.NOT_UTF8, _not_utf8),
    "not-json": Kind(FaultCode.NOT_JSON, _not_json),
    "too-deep": Kind(FaultCode.TOO_DEEP, _too_deep),
    "too-large": Kind(FaultCode.TOO_LARGE, _too_large),
    "not-a-number": Kind(FaultCode.NOT_A_NUMBER, _not_a_number),
    "key-twice": Kind(FaultCode.DUPLICATE_KEY, _key_twice),
    "null-value": Kind(FaultCode.EMPTY, _empty),
    "unknown-type": Kind(FaultCode.UNKNOWN_TYPE, _unknown_type),
    "wrong-topic": Kind(FaultCode.WRONG_TOPIC, _wrong_topic),
    "not-yours-to-send": Kind(FaultCode.NOT_YOURS_TO_SEND, _not_yours),
    "key-is-not-subject": Kind(FaultCode.KEY_IS_NOT_SUBJECT, _other_key),
    "missing-field": Kind(FaultCode.FIELD_MISSING, _missing),
    "unknown-field": Kind(FaultCode.FIELD_UNKNOWN, _unknown_field),
    "bad-check-digit": Kind(FaultCode.FIELD_INVALID, _check_digit),
    "future-time": Kind(FaultCode.TIME_IN_FUTURE, _future),
    "unknown-organisation": Kind(FaultCode.UNKNOWN_ORGANISATION, _nowhere),
    "not-a-delivery": Kind(FaultCode.NOT_A_DELIVERY, _not_a_delivery),
    "unsigned": Kind(FaultCode.UNSIGNED, _unsigned_record),
    "malformed-signature": Kind(FaultCode.SIGNATURE_MALFORMED, _malformed),
    "unknown-key": Kind(FaultCode.KEY_UNKNOWN, _unknown_key),
    "changed-after-signing": Kind(FaultCode.SIGNATURE_WRONG, _tampered),
    ENDED_KEY: Kind(FaultCode.KEY_NOT_VALID, _ended_key),
    "signed-by-another": Kind(FaultCode.NOT_THE_SIGNERS_SOURCE, _others_key),
    "header-not-utf8": Kind(FaultCode.HEADER_NOT_UTF8, _header_bytes),
    "too-many-headers": Kind(FaultCode.HEADERS_TOO_MANY, _many_headers),
}
"""By name. Every fault code of the hub but the conflict, which is no fault of one event alone."""


def _document(good: Planned) -> Document:
    document: Document = json.loads(good.value or b"{}")
    return document


def _children(document: Document) -> list[Document]:
    data = document["data"]
    return [item["child"] for item in data.get("children", ())] + ([data["child"]] if "child" in data else [])


def _unsigned(headers: Headers) -> Headers:
    return tuple((name, value) for name, value in headers if name not in (SIGNATURE, "content-type"))
