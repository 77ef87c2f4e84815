"""An agency's own side, for the demonstration and the tests: the request that gives an event."""

from collections.abc import Mapping
from typing import Any

import orjson

_GIVEN = ("type", "subject", "time", "correlationid", "data")


def record(event: Mapping[str, Any]) -> tuple[str, bytes]:
    """Name and structured CloudEvent of an event, given as JSON: all but what the gateway itself adds."""
    given: dict[str, Any] = {name: event[name] for name in _GIVEN}
    event_id = event.get("id") or event["reference"]
    given |= {"specversion": "1.0", "id": event_id, "source": event.get("source") or "/agencies/pont-y-plant"}
    return f"{event_id}.json", orjson.dumps(given)
