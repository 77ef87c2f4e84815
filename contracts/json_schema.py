"""How a model becomes a JSON Schema (draft 2020-12): as Pydantic has it, and with each field's class of information."""

import re
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contracts.classification import sharing_of
from contracts.delivery import view_of
from contracts.envelope import data_schema
from contracts.event_type import EventType

DIALECT = "https://json-schema.org/draft/2020-12/schema"

GENERATED = "Written by `dolen contracts export`; change the models, not this file."

SHARING = "x-sharing"
"""The class of information that a field belongs to: a view of the policy shows classes."""


def schema_of(event_type: EventType) -> dict[str, Any]:
    """The schema of an event as its publisher sends it."""
    schema = event_type.model.model_json_schema(schema_generator=_Generator)
    return _named(schema, data_schema(event_type.name), event_type, event_type.title_en)


def delivered_schema_of(event_type: EventType) -> dict[str, Any]:
    """The schema of a notification of an event, whatever the recipient's view."""
    schema = view_of(event_type.model).model_json_schema(schema_generator=_Generator)
    return _named(schema, f"{data_schema(event_type.name)}.delivered", event_type, f"{event_type.title_en}: delivered")


def _named(schema: dict[str, Any], identity: str, event_type: EventType, title: str) -> dict[str, Any]:
    return {
        "$schema": DIALECT,
        "$id": identity,
        "$comment": GENERATED,
        **schema,
        "title": title,
        "x-title-cy": event_type.title_cy,
        "x-maturity": event_type.maturity.value,
        "x-publishers": sorted(kind.value for kind in event_type.publishers) or ["hub"],
    }


class _Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        """A title made from the field's name says nothing that the name does not."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        written = super().model_schema(schema)
        properties = written.get("properties", {})
        for name, field in schema["cls"].model_fields.items():
            sharing = sharing_of(field)
            if sharing is not None:
                properties[name] = {**properties[name], SHARING: sharing.value}
        for described in (written, *properties.values()):
            if "description" in described:
                described["description"] = _WRAPPED.sub(" ", described["description"])
        return written


_WRAPPED = re.compile(r"(?<!\n)\n(?!\n)")
"""The end of a line within a paragraph: where our source was wrapped."""
