"""Takes notices out of the drop directory into the outbox, and writes notifications into the out directory.

A notice is named by its reference and version, not by its file: read again after a crash, it is the same event.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from adapters.police.archive import MAX_ZIP_BYTES, notices_in
from adapters.police.drop import DropDirectory, Receipt, StillGrowing
from adapters.police.inbound import reference_of, to_event
from adapters.police.names import shown
from adapters.police.native import MAX_BYTES, NotificationFile, read
from adapters.police.out import put
from adapters.police.reasons import NotTaken, Reason
from adapters.police.settings import PoliceSettings
from adapters.sdk.declaration import Draft, Notification, Outbox
from adapters.sdk.errors import AdapterError
from adapters.sdk.outcome import Delivered, Outcome, Retry
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms

log = structlog.get_logger("dolen.adapter.police")

_A_DAY_S = 24 * 60 * 60.0
_AN_HOUR_S = 60 * 60.0


class PoliceEdge:
    """One force's two directories."""

    def __init__(
        self, settings: PoliceSettings, pseudonyms: Pseudonyms, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._drop = DropDirectory(settings.drop, settle_s=settings.settle_s, clock=clock)
        self._tidied: float | None = None

    async def collect(self, outbox: Outbox, stop: asyncio.Event) -> None:
        """Take what is dropped, until `stop`; where directory or store is away, say so and look again."""
        while not stop.is_set():
            try:
                await self.collect_once(outbox, stop)
            except OSError as failure:
                log.error("police.drop_away", error=type(failure).__name__, errno=failure.errno)
            except AdapterError as failure:  # the outbox is full or away: the file stays where it is
                log.error("police.not_stored", error=type(failure).__name__)
            await _pause(stop, self._settings.poll_s)

    async def collect_once(self, outbox: Outbox, stop: asyncio.Event) -> None:
        """Take every file that is whole now, in the order in which they were written."""
        await asyncio.to_thread(self._tidy)
        for name in await asyncio.to_thread(self._drop.ready):
            if stop.is_set():
                return
            try:
                await self._take(name, outbox)
            except (StillGrowing, FileNotFoundError):
                continue
            except PermissionError:
                log.error("police.not_readable")

    async def deliver(self, native: NotificationFile, notification: Notification) -> Outcome:
        """Put a notification's file into the out directory."""
        try:
            await asyncio.to_thread(put, self._settings.out, native)
        except OSError as failure:
            log.error("police.out_away", error=type(failure).__name__, errno=failure.errno)
            return Retry("out-directory-away")
        return Delivered()

    async def _take(self, name: str, outbox: Outbox) -> None:
        packed = Path(name).suffix.lower() == ".zip"
        try:
            content = await asyncio.to_thread(self._drop.read, name, most=MAX_ZIP_BYTES if packed else MAX_BYTES)
            receipts = await (self._put_all if packed else self._put)(name, content, outbox)
        except NotTaken as why:
            await outbox.set_aside(why.reference or shown(name), why)
            await asyncio.to_thread(self._drop.failed, name, why)
        else:
            await asyncio.to_thread(self._drop.done, name, receipts)

    async def _put(self, name: str, content: bytes, outbox: Outbox) -> list[Receipt]:
        draft = await asyncio.to_thread(self._draft, name, content)
        try:
            taken = await outbox.put(draft)
        except NotAnEvent as wrong:
            raise NotTaken(
                Reason.RULE_BROKEN, rules=tuple(str(wrong).splitlines()), reference=draft.reference
            ) from None
        if taken.differs:
            raise NotTaken(Reason.REFERENCE_REUSED, "NoticeReference")
        log.info("police.taken", event_id=taken.event_id, again=taken.again)
        return [Receipt(draft.reference, taken.event_id)]

    async def _put_all(self, name: str, content: bytes, outbox: Outbox) -> list[Receipt]:
        """The notices of a ZIP file; those that can't be taken are put beside it, and the rest go on."""
        receipts: list[Receipt] = []
        for number, suffix, notice in notices_in(content):
            try:
                receipts += await self._put(f"{number}{suffix}", notice, outbox)
            except NotTaken as why:
                await outbox.set_aside(why.reference or f"{name}.{number}", why)
                await asyncio.to_thread(self._drop.failed_entry, name, number, suffix=suffix, content=notice, why=why)
        return receipts

    def _draft(self, name: str, content: bytes) -> Draft:
        notice = read(name, content)
        try:
            return to_event(notice, self._pseudonyms)
        except NotTaken as why:
            raise NotTaken(why.reason, *why.paths, reference=reference_of(notice)) from None

    def _tidy(self) -> None:
        now = self._clock()
        if self._tidied is None or now - self._tidied >= _AN_HOUR_S:
            self._tidied = now
            self._drop.tidy(older_than_s=self._settings.keep_done_days * _A_DAY_S)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
