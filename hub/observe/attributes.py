"""Decides what a span may say: each attribute by name, and by a form that no name, number or sentence has.

Names are those of OpenTelemetry's semantic conventions 1.44 for messaging, Kafka and CloudEvents (still marked as in
development there, so they are written down here and compared with the installed package by a test); our own begin with
`dolen.`. A child's reference and the episode stay out: in a store that many people read, either would let a reader
follow one child.
"""

import re
from collections.abc import Mapping

from contracts.topics import DEAD_LETTERS, DEADLINES, LEDGER, Family

Value = str | int | bool | tuple[str, ...]

WITHHELD = "withheld"
"""Stands for a value that has not its attribute's form: a gap in a trace is better than a child's data in one."""

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PARTY = r"/hub|/schools/[0-9]{7}|/agencies/(?!.*[0-9]{9})[a-z][a-z0-9]*(-[a-z0-9]+)*|relation:[a-z][a-z0-9-]*"
_AGENCY = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
_FAMILIES = "|".join((*Family, DEADLINES))
_TOPIC = (
    r"(?!.*[0-9]{9})([a-z][a-z0-9]*[.-])*"  # a hub's prefix
    rf"(((to\.{_AGENCY}\.)?({_FAMILIES})\.v[0-9]+)|{re.escape(LEDGER)}|{re.escape(DEAD_LETTERS)})"
)
_CODE = r"(?!.*[0-9]{9})[a-z][A-Za-z0-9]*([._#/:-]{1,2}[A-Za-z0-9]+)*"
_AGREEMENT = r"(?!.*[0-9]{9})(ISP|DDA|JCA)-[A-Z0-9]+(-[A-Z0-9]+)*"
_FAULT = r"HUB-[0-9]{3}"
_VERSION = r"[0-9a-f]{16}"
_SHA256 = r"[0-9a-f]{64}"
_SMALL_NUMBER = r"[0-9]{1,4}"

SYSTEM = "messaging.system"
DESTINATION = "messaging.destination.name"
PARTITION = "messaging.destination.partition.id"
OFFSET = "messaging.kafka.offset"
GROUP = "messaging.consumer.group.name"
OPERATION = "messaging.operation.name"
OPERATION_TYPE = "messaging.operation.type"
MESSAGE_ID = "messaging.message.id"
BODY_SIZE = "messaging.message.body.size"
EVENT_ID = "cloudevents.event_id"
EVENT_SOURCE = "cloudevents.event_source"
EVENT_TYPE = "cloudevents.event_type"
ERROR = "error.type"
SERVICE = "service.name"
INSTANCE = "service.instance.id"

_FORMS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(form)
    for name, form in {
        SYSTEM: "kafka",
        DESTINATION: _TOPIC,
        PARTITION: _SMALL_NUMBER,
        GROUP: _CODE,
        OPERATION: _CODE,
        OPERATION_TYPE: "send|process|settle",
        MESSAGE_ID: _UUID,
        EVENT_ID: _UUID,
        EVENT_SOURCE: _PARTY,
        EVENT_TYPE: _CODE,
        ERROR: rf"{_FAULT}|{_CODE}",
        SERVICE: _CODE,
        INSTANCE: r"(?!.*[0-9]{9})(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9.-]{0,80}-[0-9]{1,8}",
        "dolen.agreement": _AGREEMENT,
        "dolen.basis": _CODE,
        "dolen.delivery": _UUID,
        "dolen.digest": _SHA256,
        "dolen.directory": _VERSION,
        "dolen.faults": _FAULT,
        "dolen.first": rf"{_TOPIC}/{_SMALL_NUMBER}/[0-9]{{1,19}}",
        "dolen.key": _CODE,
        "dolen.link": "origin|receipt",
        "dolen.network": _VERSION,
        "dolen.outcome": _CODE,
        "dolen.policy": _VERSION,
        "dolen.reason": _CODE,
        "dolen.recipient": _PARTY,
        "dolen.relation": _CODE,
        "dolen.result": _CODE,
        "dolen.rule": _CODE,
        "dolen.signer": _CODE,
        "dolen.view": _CODE,
    }.items()
}

_COUNTS = frozenset(
    {
        OFFSET,
        BODY_SIZE,
        "dolen.lane",
        "dolen.ledger.number",
        "dolen.ledger.offset",
        "dolen.not_told",
        "dolen.told",
    }
)

NAMES = frozenset(_FORMS) | _COUNTS
"""Every attribute that a span, event, link or resource of ours can have."""


def attributes(values: Mapping[str, Value | None]) -> dict[str, Value]:
    """The attributes that `values` may become: without what is absent or empty, and what has not its form withheld.

    Raises `KeyError` for a name that isn't one of `NAMES`: a new attribute is declared above, with its form.
    """
    return {name: _shown(name, value) for name, value in values.items() if value is not None and value not in ("", ())}


def _shown(name: str, value: Value) -> Value:
    if name in _COUNTS:
        return value if isinstance(value, int) else WITHHELD
    form = _FORMS[name]
    if isinstance(value, tuple):
        return tuple(part if form.fullmatch(part) else WITHHELD for part in value)
    return value if isinstance(value, str) and form.fullmatch(value) else WITHHELD
