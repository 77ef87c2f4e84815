"""Takes records out of the drop folder into the outbox, and writes notifications into the out folder."""

import asyncio
import os
from pathlib import Path

import structlog

from adapters.sdk.declaration import Notification, NotTranslated, Outbox
from adapters.sdk.outcome import Delivered, Outcome, Retry
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.template.inbound import to_event
from adapters.sdk.template.native import Letter, read, write
from adapters.sdk.template.settings import Settings
from adapters.sdk.waits import stopped_within

log = structlog.get_logger("dolen.adapter.template")


class FolderEdge:
    """One case system's two folders; a file that was taken is renamed `.done`, one that can't be `.failed`."""

    def __init__(self, settings: Settings, pseudonyms: Pseudonyms) -> None:
        self._settings = settings
        self._pseudonyms = pseudonyms

    async def collect(self, outbox: Outbox, stop: asyncio.Event) -> None:
        """Take what is dropped, the oldest first, until `stop`."""
        while not stop.is_set():
            for path in await asyncio.to_thread(_oldest_first, self._settings.drop):
                await self._take(path, outbox)
            await stopped_within(stop, self._settings.poll_s)

    async def deliver(self, native: Letter, notification: Notification) -> Outcome:
        """Write a notification's file; one that is there already is left as it is."""
        try:
            await asyncio.to_thread(_put, self._settings.out / f"{native.id}.json", write(native))
        except OSError as failure:
            log.error("out_folder.away", errno=failure.errno)
            return Retry("out-folder-away")
        return Delivered()

    async def _take(self, path: Path, outbox: Outbox) -> None:
        """First into the outbox, then the name: a crash between them reads the file again, as the same event."""
        content = await asyncio.to_thread(path.read_bytes)
        try:
            draft = to_event(read(path.name, content), self._pseudonyms)
            taken = await outbox.put(draft)
        except NotTranslated as why:
            await self._refuse(path, why, outbox)
        except NotAnEvent as why:
            await self._refuse(path, NotTranslated("rule-broken", remedy=str(why)), outbox)
        else:
            if taken.differs:
                reused = NotTranslated("number-reused", path="version", remedy="give a changed record a higher version")
                await self._refuse(path, reused, outbox)
            else:
                await asyncio.to_thread(path.rename, path.with_suffix(".done"))

    async def _refuse(self, path: Path, why: NotTranslated, outbox: Outbox) -> None:
        await outbox.set_aside(path.stem, why)
        await asyncio.to_thread(path.rename, path.with_suffix(".failed"))


def _oldest_first(folder: Path) -> list[Path]:
    """Whole files: one that is still being written has a name that begins with a dot."""
    whole = [path for path in folder.glob("*.json") if not path.name.startswith(".")]
    return sorted(whole, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _put(path: Path, content: bytes) -> None:
    if path.exists():
        return
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
