"""How a moment is written: RFC 3339 with an offset, always; a time without a zone is a missed deadline."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

WRITTEN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"


class _Written:
    """Pydantic alone reads a string of digits as seconds since 1970, which names no zone: the form is checked first."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=WRITTEN, max_length=35, strict=True)
        moment = core_schema.datetime_schema(tz_constraint="aware", strict=False)
        return core_schema.json_or_python_schema(
            json_schema=core_schema.chain_schema([text, moment]),
            python_schema=core_schema.datetime_schema(tz_constraint="aware", strict=True),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "date-time", "pattern": WRITTEN, "maxLength": 35}


Moment = Annotated[datetime, _Written()]
"""A point in time with its offset, for example `2026-03-27T09:30:00+00:00`."""
