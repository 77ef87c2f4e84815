"""Writes `notification.xsd` out of the contracts: what the force's system may find in a notification.

python -m adapters.police.notification_schema > adapters/police/notification.xsd
"""

import sys
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from adapters.police.declaration import DECLARATION
from adapters.police.outbound import NAMESPACE, ROOT, body_name, element_name
from contracts.delivery import view_of
from contracts.registry import REGISTRY

Schema = Mapping[str, Any]

_HEAD = (
    ("Id", "xs:string"), ("Sender", "xs:string"), ("SenderEvent", "xs:string"), ("Type", "xs:string"),
    ("TitleCy", "xs:string"), ("TitleEn", "xs:string"), ("Happened", "xs:dateTime"), ("Child", "xs:string"),
    ("Episode", "xs:string"), ("Sequence", "xs:positiveInteger"), ("Recipient", "xs:string"), ("View", "xs:string"),
)  # fmt: skip
_SIMPLE = {"boolean": "xs:boolean", "integer": "xs:integer"}
_FORMATS = {"date": "xs:date", "date-time": "xs:dateTime"}


def notification_xsd() -> bytes:
    """The schema of everything that this adapter writes."""
    schema = Element(
        "xs:schema",
        {
            "xmlns:xs": "http://www.w3.org/2001/XMLSchema",
            "xmlns": NAMESPACE,
            "targetNamespace": NAMESPACE,
            "elementFormDefault": "qualified",
        },
    )
    root = SubElement(schema, "xs:element", {"name": ROOT})
    sequence = SubElement(SubElement(root, "xs:complexType"), "xs:sequence")
    for name, simple in _HEAD:
        SubElement(sequence, "xs:element", {"name": name, "type": simple})
    choice = SubElement(sequence, "xs:choice")
    types: dict[str, Element] = {}
    for event_type in sorted(name for name, kind in REGISTRY.items() if kind.family in DECLARATION.subscribes):
        document = view_of(REGISTRY[event_type].model).model_json_schema()
        body = _Types(document["$defs"], types).named(document["properties"]["data"])
        SubElement(choice, "xs:element", {"name": body_name(event_type), "type": body})
    schema.extend(types[name] for name in sorted(types))
    indent(schema)
    written: bytes = tostring(schema)
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- Written by adapters/police/notification_schema.py. -->\n'
    return head + written + b"\n"


class _Types:
    """Turns the parts of one JSON Schema into named types, each written once for all events."""

    def __init__(self, parts: Mapping[str, Schema], types: dict[str, Element]) -> None:
        self._parts = parts
        self._types = types

    def named(self, schema: Schema) -> str:
        """The name of the type of a value: simple, an enumeration, or a part with fields that may all be missing."""
        variants = self._variants(schema)
        if all("$ref" in variant for variant in variants):
            names = [variant["$ref"].rpartition("/")[2] for variant in variants]
            parts = [self._parts[name] for name in names]
            if all("properties" in part for part in parts):
                return self._part("Or".join(name.removesuffix("View") for name in names), parts)
            variants = parts
        return self._simple(variants[0]) if len(variants) == 1 else "xs:string"

    def _part(self, name: str, variants: list[Schema]) -> str:
        if name not in self._types:
            made = self._types[name] = Element("xs:complexType", {"name": name})
            sequence = SubElement(made, "xs:sequence")
            fields: dict[str, list[Schema]] = {}
            for variant in variants:
                for field, schema in variant["properties"].items():
                    fields.setdefault(field, []).append(schema)
            for field, schemas in fields.items():
                self._field(sequence, field, schemas)
        return name

    def _field(self, sequence: Element, field: str, schemas: list[Schema]) -> None:
        found = [variant for schema in schemas for variant in self._variants(schema)]
        lists = [variant["items"] for variant in found if variant.get("type") == "array"]
        kinds = {self.named(one) for one in (lists or schemas) if self._variants(one)}
        attributes = {"name": element_name(field), "type": kinds.pop() if len(kinds) == 1 else "xs:string"}
        SubElement(
            sequence, "xs:element", {**attributes, "minOccurs": "0", **({"maxOccurs": "unbounded"} if lists else {})}
        )

    def _simple(self, schema: Schema) -> str:
        if schema.get("type") == "string":
            return _FORMATS.get(schema.get("format", ""), "xs:string")
        return _SIMPLE.get(schema.get("type", ""), "xs:string")

    def _variants(self, schema: Schema) -> list[Schema]:
        alternatives = schema.get("anyOf") or schema.get("oneOf") or [schema]
        return [one for one in alternatives if one.get("type") != "null"]


if __name__ == "__main__":
    sys.stdout.buffer.write(notification_xsd())
