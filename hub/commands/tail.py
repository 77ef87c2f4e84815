"""`dolen tail`: what one agency was sent, looked at without taking it."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer
from pydantic_core import from_json

from adapters.sdk.reader import look
from adapters.sdk.subscriber import Received
from hub.commands.agency import as_our_errors, credentials_of
from hub.commands.stack import STATE, JsonOption, StateOption
from hub.outcomes import iso_time

SHOWN = 20


def tail(
    agency: Annotated[str, typer.Argument(metavar="AGENCY")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="All that is kept (30 days).")] = False,
    most: Annotated[int | None, typer.Option("--max", "-n", min=1, metavar="N", help="Stop after N.")] = None,
    data: Annotated[bool, typer.Option("--data", help="Show what the events say: personal data.")] = False,
    state: StateOption = STATE,
    as_json: JsonOption = False,
) -> None:
    """Show the newest notifications of an agency: time, type, the sender's event, recipient and view.

    Without --from-beginning the newest 20 (or N) that are there. It commits nothing: an adapter still gets all.
    """
    credentials = credentials_of(agency, state)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is told once, in words of ours
    last = None if from_beginning else most or SHOWN
    with as_our_errors(), contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_show(look(credentials, last=last, follow=follow), most, data=data, as_json=as_json))


async def _show(records: AsyncIterator[Received], most: int | None, *, data: bool, as_json: bool) -> None:
    shown = 0
    async for record in records:
        notification = _notification(record, data=data)
        typer.echo(json.dumps(notification, ensure_ascii=False) if as_json else _line(notification))
        shown += 1
        if shown == most:
            return


def _notification(record: Received, *, data: bool) -> dict[str, Any]:
    event = _parsed(record.value)
    inside = event.get("data") or {}
    said = {
        "time": iso_time(record.timestamp_ms),
        "type": event.get("type"),
        "source": event.get("source"),
        "origin": event.get("origin") or inside.get("original", {}).get("id"),
        "recipient": event.get("recipient"),
        "view": event.get("view"),
        "id": event.get("id"),
        "record": {"topic": record.topic, "partition": record.partition, "offset": record.offset},
    }
    return said | ({"data": inside} if data else {})


def _parsed(value: bytes) -> dict[str, Any]:
    try:
        event = from_json(value)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _line(said: dict[str, Any]) -> str:
    kind = (said["type"] or "not an event").removeprefix("wales.child-protection.")
    line = (
        f"{said['time']}  {kind:38}  {said['origin'] or '-':36}  {said['recipient'] or '-':34}  {said['view'] or '-'}"
    )
    if "data" in said:
        line += "\n" + json.dumps(said["data"], indent=2, ensure_ascii=False)
    return line
