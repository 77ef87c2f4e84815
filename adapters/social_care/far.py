"""The case system's side, for the demo and the tests: the record that a social worker would have made for an event."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.social_care.dictionary import dictionary
from adapters.social_care.values import Json
from contracts.base import Contract

ANSWERS = frozenset({"answer_opened", "answer_accepted", "answer_refused"})
"""Kinds that `dolen.answer` writes; all others are `dolen.send`'s."""

FROM_OTHERS = frozenset({"referral_made"})
"""Kinds of record that social services point to as other agencies' events."""


def record(event: Mapping[str, Any]) -> tuple[str, bytes]:
    """Name and content of the row that makes an event, given as a draft or an event in JSON.

    Numbers of people, cases and records are made from the event's UUIDs: the same UUID, the same number.
    """
    row = row_of(event)
    name = f"{row['kind'].replace('_', '-')}.json"
    return name, json.dumps(row, ensure_ascii=False, indent=2).encode() + b"\n"


def row_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The row itself."""
    entry = dictionary().by_type[event["type"]]
    numbers = CaseNumbers()
    made: dict[str, Any] = {
        "kind": entry.kind,
        "record_id": numbers.record_of(event.get("id") or event["reference"]),
        "record_version": 1,
    }
    if entry.kind in ANSWERS:
        made |= {"record_id": event["data"]["delivery"], "hub_subject": event["subject"]}
        made |= {"hub_episode": event["correlationid"]}
    else:
        made |= {"person_id": numbers.native_person(event["subject"])}
        made |= {"case_id": f"C{_number(event['correlationid'])}"}
    return made | {
        "happened_at": datetime.fromisoformat(event["time"]).isoformat(),
        "document": entry.shape.to_native(_as_contract(event["data"], entry.data), numbers),
    }


class CaseNumbers:
    """Numbers as a case system gives them out."""

    def person(self, number: str) -> str:
        """Not asked for: this side has the numbers."""
        raise NotImplementedError

    def record(self, kind: str, number: str, version: int) -> str:
        """Not asked for: this side has the numbers."""
        raise NotImplementedError

    def native_person(self, reference: str) -> Json:
        """The number of a person."""
        return f"P{_number(reference)}"

    def native_record(self, kind: str, event_id: str) -> Json:
        """The number of a record, or the event of another agency's."""
        return {"hub_event": event_id} if kind in FROM_OTHERS else self.record_of(event_id)

    def record_of(self, name: str) -> str:
        """The number of the record that made an event, by the event's id."""
        return f"R{_number(name)}"


def _as_contract(data: Any, contract: type[Contract]) -> Json:
    """The data with nothing in it that says nothing."""
    return contract.model_validate_json(json.dumps(data)).model_dump(mode="json", exclude_none=True, exclude_unset=True)


def _number(name: str) -> str:
    digits = name.replace("-", "")[:16]
    try:
        return f"{int(digits, 16) % 10**10:010}"
    except ValueError:  # a reference of a record rather than a UUID
        return "".join(char for char in name if char.isdigit())[:10].rjust(10, "0")
