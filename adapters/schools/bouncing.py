"""Reads what came back by mail, later: a mail server's report (RFC 3464) that says which pointer reached nobody."""

import asyncio
import mailbox
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.schools.clock import Clock
from adapters.schools.passing import Passing
from adapters.schools.store import pointers
from adapters.sdk.waits import stopped_within

log = structlog.get_logger("dolen.schools")

LOOK_EVERY_S = 30.0
MOST_BYTES = 1_000_000
"""Of one mail; what is longer is left for a person to read."""

_OURS = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^>]*>")
"""A pointer's Message-ID (mailing.py)."""


async def read_bounces(
    database: AsyncEngine, folder: Path, *, passing: Passing, clock: Clock, stop: asyncio.Event
) -> None:
    """Read what comes into a Maildir, until `stop`."""
    while not stop.is_set():
        try:
            await read_some(database, folder, passing=passing, clock=clock)
        except (SQLAlchemyError, OSError) as failure:
            log.error("bounces.not_read", error=type(failure).__name__)
        await stopped_within(stop, LOOK_EVERY_S)


async def read_some(database: AsyncEngine, folder: Path, *, passing: Passing, clock: Clock) -> int:
    """Read each new mail once; gives how many pointers came back.

    A report that was understood is deleted once its step is on disk. Whatever else comes, somebody's reply for one, is
    moved to `cur`, unread, for a person.
    """
    back = 0
    for path, content in await asyncio.to_thread(_new, folder):
        came_back = [
            pointer
            for pointer in failed_pointers(content)
            if await _came_back(database, pointer, passing=passing, clock=clock)
        ]
        back += len(came_back)
        if not came_back:
            log.warning("bounce.not_understood", remedy="it is in the Maildir's `cur`, for a person to read")
        await asyncio.to_thread(_put_away, path, keep=not came_back)
    return back


def failed_pointers(content: bytes) -> Iterator[str]:
    """The ids of the pointers that a mail says came back for good; none of any other mail. Pure."""
    mail = message_from_bytes(content)
    if mail.get_content_type() != "multipart/report" or mail.get_param("report-type") != "delivery-status":
        return
    parts = mail.get_payload()
    if not isinstance(parts, list) or not any(_has_failed(part) for part in parts if isinstance(part, Message)):
        return
    for part in parts:
        found = _OURS.fullmatch(_returned_id(part).strip()) if isinstance(part, Message) else None
        if found is not None:
            yield found[1]


def _has_failed(part: Message) -> bool:
    """Whether a report says of a recipient that it failed: neither delayed, nor delivered after all."""
    blocks = part.get_payload() if part.get_content_type() == "message/delivery-status" else None
    actions = [block.get("action", "") for block in blocks or () if isinstance(block, Message)]
    return any(str(action).strip().lower() == "failed" for action in actions)


def _returned_id(part: Message) -> str:
    """The Message-ID of what came back: it is there whole, or its headers alone."""
    if part.get_content_type() == "message/rfc822":
        payload = part.get_payload()
        returned = payload[0] if isinstance(payload, list) and payload else None
    elif part.get_content_type() == "text/rfc822-headers":
        headers = part.get_payload(decode=True)
        returned = message_from_bytes(headers) if isinstance(headers, bytes) else None
    else:
        returned = None
    return str(returned.get("message-id", "")) if isinstance(returned, Message) else ""


async def _came_back(database: AsyncEngine, pointer: str, *, passing: Passing, clock: Clock) -> bool:
    """Record it; False where no such pointer was sent."""
    async with database.begin() as connection:
        if not await pointers.is_known(connection, pointer):
            return False
        await passing.came_back(connection, pointer, clock())
        return True


def _new(folder: Path) -> list[tuple[Path, bytes]]:
    mailbox.Maildir(folder, create=True)
    found = sorted((folder / "new").iterdir())
    return [(path, path.read_bytes() if path.stat().st_size <= MOST_BYTES else b"") for path in found]


def _put_away(path: Path, *, keep: bool) -> None:
    if keep:
        path.rename(path.parent.parent / "cur" / f"{path.name}:2,")
    else:
        path.unlink()
