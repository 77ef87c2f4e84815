"""Ways to break what a hub wrote, one record at a time."""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

from hub.audit.source import Record
from tests.unit.audit.hub_in_memory import LANES, NAMES

Document = dict[str, Any]
Choose = Callable[[Record], bool]


def document(record: Record) -> Document:
    return json.loads(record.value or b"{}")


def is_notification(record: Record) -> bool:
    return record.topic.startswith("to.") and document(record)["source"] != "/hub"


def is_receipt(record: Record) -> bool:
    return record.topic.startswith("to.") and document(record)["source"] == "/hub"


def is_letter(record: Record) -> bool:
    return record.topic == NAMES.dead_letters


def is_entry(record: Record) -> bool:
    return record.topic == NAMES.ledger


def is_inbound(record: Record) -> bool:
    return record.topic in NAMES.inbound


def one(records: Iterable[Record], choose: Choose) -> Record:
    """The one in the middle, so that there is something before and behind it."""
    found = [record for record in records if choose(record)]
    assert found
    return found[len(found) // 2]


def without(records: Iterable[Record], gone: Record) -> list[Record]:
    return [record for record in records if record is not gone]


def replaced(records: Iterable[Record], old: Record, new: Record) -> list[Record]:
    return [new if record is old else record for record in records]


def added(records: list[Record], new: Record, *, topic: str | None = None, lane: int | None = None) -> list[Record]:
    """The records with one more at the end of a partition."""
    topic, lane = topic or new.topic, new.partition if lane is None else lane
    end = max((r.offset for r in records if (r.topic, r.partition) == (topic, lane)), default=-1) + 1
    return [*records, new._replace(topic=topic, partition=lane, offset=end)]


def saying(record: Record, change: Callable[[Document], object]) -> Record:
    """The record with another content."""
    changed = document(record)
    change(changed)
    return record._replace(value=json.dumps(changed).encode())


def edited(records: list[Record], choose: Choose, change: Callable[[Document], object]) -> list[Record]:
    old = one(records, choose)
    new = saying(old, change)
    assert document(new) != document(old)
    return replaced(records, old, new)


def chained_again(records: list[Record]) -> list[Record]:
    """The ledger numbered and hashed anew: what somebody does who may write there and hides it well."""
    lanes: dict[int, list[Record]] = {lane: [] for lane in range(LANES)}
    for record in records:
        if is_entry(record):
            lanes[record.partition].append(record)
    kept = [record for record in records if not is_entry(record)]
    for entries in lanes.values():
        previous = "0" * 64
        for number, record in enumerate(sorted(entries, key=lambda record: record.offset), start=1):
            entry = {**document(record), "number": number, "prev": previous}
            again = record._replace(value=json.dumps(entry).encode())
            previous = hashlib.sha256(again.value).hexdigest()
            kept.append(again)
    return kept


def of_outcome(outcome: str) -> Choose:
    return lambda record: is_entry(record) and document(record)["outcome"] == outcome


def at(record: Record) -> Document:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}


def event_of(records: Iterable[Record], entry: Record) -> Record:
    """The inbound record of a ledger entry."""
    place = document(entry)["at"]
    return next(
        r for r in records if (r.topic, r.partition, r.offset) == (place["topic"], place["partition"], place["offset"])
    )


def unrepeated(records: list[Record]) -> Choose:
    """Entries of events that were accepted, told to somebody, and never sent again."""
    ids = [document(record)["event"]["id"] for record in records if is_entry(record)]

    def choose(record: Record) -> bool:
        if not is_entry(record):
            return False
        entry = document(record)
        told = any(decision["told"] for decision in entry["decisions"])
        return entry["outcome"] == "accepted" and told and ids.count(entry["event"]["id"]) == 1

    return choose
