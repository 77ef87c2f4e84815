"""Reads what there is on the outbound topics and among the dead letters of one lane."""

import hashlib
from typing import Any

import orjson

from hub.audit import ids
from hub.audit.expected import CONTENT_TYPE, Kind, plain
from hub.audit.source import Record
from hub.audit.spool import FoundRow, Spool


def output(record: Record, spool: Spool) -> FoundRow | None:
    """A notification or receipt as the spool has it; None: it doesn't have its form."""
    document = _object(record.value)
    if document is None:
        return None
    hubs = document.get("source") == "/hub"
    proper = _receipt_id(document) if hubs else _delivery_id(document)
    trace = _traceparent(record)
    return FoundRow(
        kind=Kind.RECEIPT if hubs else Kind.NOTIFICATION,
        id=ids.tag(str(document.get("id"))),
        proper=ids.tag(proper),
        topic=spool.topic(record.topic),
        place=record.offset,
        key=record.key or b"",
        trace=trace,
        headers=_headers(record, [("content-type", CONTENT_TYPE), ("traceparent", trace.encode())]),
        content=ids.content(plain(document) if hubs else document),
        sha256=hashlib.sha256(record.value or b"").hexdigest(),
    )


def letter(record: Record, spool: Spool) -> FoundRow | None:
    """A dead letter as the spool has it; None: it doesn't have its form."""
    document = _object(record.value)
    if document is None or not isinstance(document.get("at"), dict):
        return None
    at = document["at"]
    own_id = ids.tag(f"{at.get('topic')}/{at.get('partition')}/{at.get('offset')}")
    return FoundRow(
        kind=Kind.LETTER,
        id=own_id,
        proper=own_id,
        topic=spool.topic(record.topic),
        place=record.offset,
        key=record.key or b"",
        trace="",
        headers=_headers(record, []),
        content=ids.content(document),
        sha256=hashlib.sha256(record.value or b"").hexdigest(),
    )


def _object(value: bytes | None) -> dict[str, Any] | None:
    try:
        document = orjson.loads(value or b"")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _traceparent(record: Record) -> str:
    values = [value or b"" for name, value in record.headers or () if name == "traceparent"]
    return values[0].decode("latin-1") if values else ""


def _headers(record: Record, wanted: list[tuple[str, bytes]]) -> int:
    """Whether the headers are these and no others."""
    return int(record.headers is not None and sorted(record.headers, key=str) == sorted(wanted, key=str))


def _delivery_id(document: dict[str, Any]) -> str:
    source, origin, recipient = (document.get(name) for name in ("source", "origin", "recipient"))
    if not (isinstance(source, str) and isinstance(origin, str) and isinstance(recipient, str)):
        return ""
    try:
        return ids.delivery(source, origin, recipient)
    except UnicodeEncodeError:  # half of a surrogate pair is no text, and no id is made of it
        return ""


def _receipt_id(document: dict[str, Any]) -> str:
    data = document.get("data")
    at = data.get("record") if isinstance(data, dict) else None
    if not isinstance(at, dict):
        return ""
    return ids.receipt(ascii(at.get("topic")).strip("'"), at.get("partition", -1), at.get("offset", -1))
