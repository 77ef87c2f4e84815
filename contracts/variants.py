"""How the variants of a part are told apart: by the value of one field, which a refusal does not repeat."""

from dataclasses import dataclass
from typing import Any, get_args

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from contracts.rules import TEXTS, Rule


@dataclass(frozen=True, slots=True)
class ToldApartBy:
    """Annotates a union of contracts whose field of this name is a literal.

    Pydantic's own discriminator writes the tag that it did not expect into its message, hidden input or not: this one
    has a message of ours.
    """

    field: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {
            tag: handler.generate_schema(variant)
            for variant in get_args(source)
            for tag in get_args(variant.model_fields[self.field].annotation)
        }
        return core_schema.tagged_union_schema(
            choices,
            discriminator=self.field,
            custom_error_type=Rule.VARIANT.value,
            custom_error_message=TEXTS[Rule.VARIANT].en,
        )
