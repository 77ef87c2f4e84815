"""What an agency sends and receives, as an AsyncAPI 3.0 document: topics, keys, partitions, headers, credentials."""

from collections.abc import Iterable
from typing import Any

from contracts.envelope import CONTENT_TYPE, MAX_EVENT_BYTES
from contracts.event_type import EventType
from contracts.headers import SIGNATURE, TRACEPARENT
from contracts.json_schema import GENERATED
from contracts.registry import REGISTRY
from contracts.topics import PAYLOAD_RETENTION_MS, Family, inbound, outbound

BINDING_VERSION = "0.5.0"
"""Of the Kafka bindings (https://github.com/asyncapi/bindings)."""

DEFAULT_LANES = 6

_SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_TRACE_CONTEXT = {"type": "string", "pattern": r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"}
_CONTENT_TYPE = {"type": "string", "const": CONTENT_TYPE.decode()}

INTRODUCTION = """\
Dolen is the hub that child-protection agencies in Wales publish to and subscribe from.

An agency writes the families of events that its kind of organisation publishes, and signs each value. The hub checks,
deduplicates, decides who may be told, leaves out what a recipient may not see, and delivers exactly once inside Kafka.
An agency reads its own `to.<agency>.` topics and nothing else, with `isolation.level=read_committed`.
"""


def document() -> dict[str, Any]:
    """The whole document; payloads are references to the JSON Schemas beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Dolen",
            "version": "1.0.0",
            "description": INTRODUCTION,
            "x-comment": GENERATED,
        },
        "defaultContentType": CONTENT_TYPE.decode(),
        "servers": {"hub": _server()},
        "channels": {**_each(_inbound_channel), **_each(_outbound_channel)},
        "operations": {**_each(_send), **_each(_receive)},
        "components": {
            "messages": dict(_messages()),
            "securitySchemes": {
                "scram": {
                    "type": "scramSha512",
                    "description": "One user an agency. ACLs deny by default: WRITE on the families that its kind "
                    "publishes, READ on the prefix `to.<agency>.` alone.",
                }
            },
        },
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{broker}",
        "protocol": "kafka-secure",
        "description": "Apache Kafka, SASL/SCRAM-SHA-512 over TLS.",
        "variables": {"broker": {"description": "host:port of a broker", "default": "localhost:9092"}},
        "security": [{"$ref": "#/components/securitySchemes/scram"}],
    }


def _each(make: Any) -> dict[str, Any]:
    return dict(make(family) for family in Family)


def _inbound_channel(family: Family) -> tuple[str, Any]:
    topic = inbound(family)
    return family.value, {
        "address": topic,
        "title": f"What agencies publish: {family}",
        "messages": {e.model.__name__: _message_ref(e.model.__name__) for e in _types(family) if e.publishers},
        "bindings": {"kafka": _topic(topic)},
    }


def _outbound_channel(family: Family) -> tuple[str, Any]:
    names = [_delivered_name(event_type) for event_type in _types(family)]
    return f"to-{family}", {
        "address": outbound("{agency}", family),
        "title": f"What one agency reads: {family}",
        "parameters": {"agency": {"description": "Agency id of the directory; `schools` for all schools."}},
        "messages": {name: _message_ref(name) for name in names},
        "bindings": {"kafka": _topic(None)},
    }


def _topic(name: str | None) -> dict[str, Any]:
    return {
        **({"topic": name} if name else {}),
        "partitions": DEFAULT_LANES,
        "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": PAYLOAD_RETENTION_MS},
        "bindingVersion": BINDING_VERSION,
    }


def _send(family: Family) -> tuple[str, Any]:
    return f"send-{family}", {
        "action": "send",
        "channel": {"$ref": f"#/channels/{family}"},
        "summary": f"An agency publishes {family}.",
    }


def _receive(family: Family) -> tuple[str, Any]:
    return f"receive-{family}", {
        "action": "receive",
        "channel": {"$ref": f"#/channels/to-{family}"},
        "summary": f"An agency is told of {family}.",
    }


def _messages() -> Iterable[tuple[str, Any]]:
    for event_type in REGISTRY.values():
        if event_type.publishers:
            yield event_type.model.__name__, _message(event_type, f"./{event_type.name}.json", _inbound_headers())
            delivered = f"./delivered/{event_type.name}.json"
            yield _delivered_name(event_type), _message(event_type, delivered, _outbound_headers())
        else:
            yield event_type.model.__name__, _message(event_type, f"./{event_type.name}.json", _outbound_headers())


def _message(event_type: EventType, schema: str, headers: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": event_type.name,
        "title": event_type.title_en,
        "summary": event_type.summary,
        "contentType": CONTENT_TYPE.decode(),
        "headers": headers,
        "payload": {"schemaFormat": _SCHEMA_FORMAT, "schema": {"$ref": schema}},
        "correlationId": {
            "location": "$message.payload#/correlationid",
            "description": "The episode: siblings and all stages of one procedure.",
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "pattern": _UUID, "description": "The event's subject."},
                "bindingVersion": BINDING_VERSION,
            }
        },
        "x-title-cy": event_type.title_cy,
        "x-maturity": event_type.maturity.value,
        "x-publishers": sorted(kind.value for kind in event_type.publishers) or ["hub"],
        "x-max-bytes": MAX_EVENT_BYTES,
    }


def _inbound_headers() -> dict[str, Any]:
    signature = {
        "type": "string",
        "pattern": "^v1,[a-z0-9][a-z0-9.-]{0,79},[0-9a-f]{64}$",
        "description": "v1,<key id>,<HMAC-SHA256 over the exact bytes of the value, with the agency's key>",
    }
    return {
        "type": "object",
        "required": [SIGNATURE],
        "properties": {SIGNATURE: signature, TRACEPARENT: _TRACE_CONTEXT, "content-type": _CONTENT_TYPE},
    }


def _outbound_headers() -> dict[str, Any]:
    return {
        "type": "object",
        "required": [TRACEPARENT],
        "properties": {TRACEPARENT: _TRACE_CONTEXT, "content-type": _CONTENT_TYPE},
    }


def _types(family: Family) -> list[EventType]:
    return [event_type for event_type in REGISTRY.values() if event_type.family is family]


def _delivered_name(event_type: EventType) -> str:
    """Receipts of the hub are delivered as they are; all else goes through a view."""
    return f"{event_type.model.__name__}Delivery" if event_type.publishers else event_type.model.__name__


def _message_ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{name}"}
