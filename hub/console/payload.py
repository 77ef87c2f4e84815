"""Reads back what was sent, from the inbound topic, to be shown to somebody who gave a reason."""

import hashlib
import json
from dataclasses import dataclass

from hub.console.kafka_side import KafkaSide
from hub.dead_letter import DeadLetter

MOST_SHOWN = 256 * 1024
"""Bytes: as much as an event may have; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Payload:
    """One record's value."""

    there: bool
    """False: it has expired."""
    text: str = ""
    size: int = 0
    digest: str = ""
    cut: bool = False


async def read_payload(kafka: KafkaSide, letter: DeadLetter) -> Payload:
    """What stands at a letter's coordinates; raises `Unavailable`."""
    found = await kafka.record((letter.at.topic, letter.at.partition), letter.at.offset)
    if found is None:
        return Payload(there=False)
    value = found.value or b""
    digest = hashlib.sha256(value).hexdigest()
    return Payload(True, written(value[:MOST_SHOWN]), len(value), digest, cut=len(value) > MOST_SHOWN)


def written(value: bytes) -> str:
    """A value to be read: JSON on several lines; else as text, with a mark for each byte that is none."""
    text = value.decode("utf-8", errors="replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)
