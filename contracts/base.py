"""The one base model of every contract: frozen, strict, closed, and silent about the values that it refuses."""

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """A part of the language that agencies speak.

    Unknown fields are refused (a misspelt field would otherwise be lost in silence), values are never coerced, and an
    error never shows the input, since the input is a child's data.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )
