"""`dolen publish`: events from a file to the hub, as one agency."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import from_json

from adapters.sdk.credentials import Credentials
from adapters.sdk.outgoing import NotAnEvent, Outgoing, checked, unchecked
from adapters.sdk.publisher import Publisher, Sent
from contracts.topics import Family
from hub.commands.agency import as_our_errors, credentials_of
from hub.commands.stack import STATE, JsonOption, StateOption
from hub.errors import StartRefused
from hub.outcomes import iso_time

IN_FLIGHT = 500
"""Events on their way at a time."""


def publish(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A JSON event, or one a line; - is standard input.")],
    agency: Annotated[str, typer.Option("--as", metavar="AGENCY", help="Whose key signs, and whose user sends.")],
    family: Annotated[
        Family | None, typer.Option(help="The topic to use, with --unchecked; the type's own if not given.")
    ] = None,
    is_unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Send what breaks the rules too, to see the hub refuse it.")
    ] = False,
    state: StateOption = STATE,
    as_json: JsonOption = False,
) -> None:
    """Send events: all are checked before the first is sent. Prints, line by line, each one's id and place in Kafka."""
    credentials = credentials_of(agency, state)
    outgoing = [
        _outgoing(value, line, family=family, is_unchecked=is_unchecked) for line, value in _events(_read(file))
    ]
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is told once, in words of ours
    with as_our_errors():
        sent = asyncio.run(_publish(outgoing, credentials))
    for event, at in zip(outgoing, sent, strict=True):
        typer.echo(json.dumps(_told(event, at)) if as_json else f"{event.event_id or '-':36}  {at}")


async def _publish(outgoing: Sequence[Outgoing], credentials: Credentials) -> list[Sent]:
    sent: list[Sent] = []
    async with Publisher(credentials) as publisher:
        for start in range(0, len(outgoing), IN_FLIGHT):
            on_their_way = [
                await publisher.send(
                    event.value, family=event.family, subject=event.subject, traceparent=event.traceparent
                )
                for event in outgoing[start : start + IN_FLIGHT]
            ]
            sent += await asyncio.gather(*on_their_way)
    return sent


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as unreadable:
        raise StartRefused(f"{file}: can't be read ({unreadable.strerror})") from None


def _events(content: bytes) -> Iterable[tuple[int, bytes]]:
    """Each event's bytes, with the line it begins on; a file that is one JSON value is one event."""
    try:
        from_json(content)
    except ValueError:
        for number, line in enumerate(content.splitlines(), start=1):
            if line.strip():
                yield number, line.strip()
    else:
        yield 1, content.strip()


def _outgoing(value: bytes, line: int, *, family: Family | None, is_unchecked: bool) -> Outgoing:
    try:
        return unchecked(value, family=family) if is_unchecked else checked(value)
    except NotAnEvent as wrong:
        raise StartRefused(f"line {line}: nothing was sent, since this event breaks the rules:\n{wrong}") from None


def _told(event: Outgoing, at: Sent) -> dict[str, object]:
    return {
        "id": event.event_id or None,
        "topic": at.topic,
        "partition": at.partition,
        "offset": at.offset,
        "broker_time": iso_time(at.timestamp_ms),
    }
