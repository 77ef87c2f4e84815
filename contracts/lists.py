"""How long a list may be: one or more, and a most, so that no event is an archive."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from contracts.rules import Rule, broken


@dataclass(frozen=True, slots=True)
class OneTo:
    """Annotates a tuple: at least one item, at most this many.

    Pydantic's own least length counts the items that were valid: one wrong item in a list of one is told twice, and
    the second time, "too short", misleads.
    """

    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        listed: Any = {**handler(source), "max_length": self.most}
        return core_schema.no_info_after_validator_function(_check_not_empty, listed)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "minItems": 1, "maxItems": self.most}


def _check_not_empty(items: tuple[Any, ...]) -> tuple[Any, ...]:
    if not items:
        raise broken(Rule.EMPTY)
    return items
