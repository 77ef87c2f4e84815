"""Reads and writes the far system's bytes: FHIR R4 in JSON, UTF-8, one searchset Bundle for each record."""

import json
from collections.abc import Mapping
from typing import Any

import jiter

from adapters.health.collected import Collected, collected
from adapters.health.outbound import Native
from adapters.sdk.declaration import NotTranslated

MAX_RESOURCE_BYTES = 4 * 1024 * 1024
"""More than any report; a resource that is larger is set aside."""


def read(name: str, content: bytes) -> Collected:
    """One record: a Bundle with one match, and the resources that it refers to; raises NotTranslated."""
    records = list(collected(parsed(content)))
    if len(records) != 1:
        raise NotTranslated("not-one-record", path="Bundle.entry", remedy="one ServiceRequest or Communication a file")
    return records[0]


def write(native: Native) -> bytes:
    """What is to be done at the far system, as JSON."""
    return json.dumps(native.document(), ensure_ascii=False, indent=2).encode() + b"\n"


def parsed(content: bytes, *, most: int = MAX_RESOURCE_BYTES) -> Mapping[str, Any]:
    """A JSON object in UTF-8 of at most `most` bytes, without duplicate names, NaN or deep nesting.

    Raises NotTranslated.
    """
    if len(content) > most:
        raise NotTranslated("too-large", remedy="make it smaller: point to documents, don't hold them")
    try:
        document = jiter.from_json(content, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError:  # its message quotes the input
        raise NotTranslated(
            "not-json", remedy="FHIR JSON is UTF-8, without a byte order mark and with each name once"
        ) from None
    if not isinstance(document, dict):
        raise NotTranslated("not-json", remedy="a resource is a JSON object")
    return document
