"""Decides what is read from the server and how far it was read: nothing is missed, whatever the server does meanwhile.

A search by `_lastUpdated` misses in two ways. A server stamps a change before it shows it: so each sweep begins an
overlap behind the mark, and the outbox drops by reference what it has. And a resource that is changed while pages are
turned moves to the end, everything behind it moves up by one, and one resource slips from the next page to the page
that was just read: so after a sweep of several pages the mark moves only when a second sweep has found nothing new
there. A sweep of one page is one answer, in which nothing slips.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from adapters.health.client import FhirClient, NotReadable, Page
from adapters.health.collected import Collected, collected, version_of
from adapters.health.mapping import categories_of
from adapters.health.mark import Mark
from adapters.health.settings import Settings
from adapters.sdk.declaration import NotTranslated

log = structlog.get_logger("dolen.adapter")

Take = Callable[[Collected], Awaitable[bool]]
"""Puts a record into the outbox or aside, and returns then; whether it was new."""
TakeUnreadable = Callable[[str, NotTranslated], Awaitable[None]]
"""Puts aside a record, by its reference, that can't even be read."""


@dataclass(slots=True)
class _Seen:
    """What one sweep saw."""

    high: datetime | None = None
    late: bool = False
    """Something new up to where the sweep before had been."""
    ordered: bool = True
    pages: int = 0
    complete: bool = False


class Sweep:
    """Reads one kind of resource, again and again."""

    def __init__(
        self, kind: str, client: FhirClient, *, settings: Settings, mark: Mark, take: Take, unreadable: TakeUnreadable
    ) -> None:
        self._kind = kind
        self._client = client
        self._settings = settings
        self._mark = mark
        self._take = take
        self._unreadable = unreadable
        self._reached: datetime | None = None
        """How far the sweep before was, where it had several pages: not yet the mark."""

    async def once(self) -> None:
        """Take everything since the mark; raises what the client and the taking raise, and then the mark stays."""
        seen, begun = _Seen(), None
        try:
            async for page in self._pages(self._parameters(), seen):
                begun = begun or page.at
                for record in collected(page.bundle, base=self._settings.base):
                    self._note(record, seen, new=await self._take(record))
        except (NotReadable, NotTranslated) as wrong:
            log.warning("health.page_not_readable", kind=self._kind, pages=seen.pages, error=str(wrong))
            seen = _Seen()
            async for page in self._pages(self._parameters() | {"_elements": "id,meta"}, seen):
                begun = begun or page.at
                for listed in collected(page.bundle, base=self._settings.base):
                    self._note(listed, seen, new=await self._one(listed))
        if begun is not None:
            self._advance(seen, begun)

    def _parameters(self) -> dict[str, str]:
        start = (self._mark.of(self._kind) - self._settings.overlap).astimezone(UTC)
        return {
            "_lastUpdated": f"ge{start.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}",
            "_sort": "_lastUpdated",
            "_count": str(self._settings.page_size),
            "_include": f"{self._kind}:subject",
            "category": ",".join(categories_of(self._kind)),
        }

    async def _pages(self, parameters: Mapping[str, str], seen: _Seen) -> AsyncIterator[Page]:
        page, turned = await self._client.search(self._kind, parameters), set[str]()
        while True:
            seen.pages += 1
            yield page
            if page.next is None:
                seen.complete = True
                return
            if page.next in turned or seen.pages >= self._settings.max_pages:
                log.error("health.pages_without_end", kind=self._kind, pages=seen.pages)
                return
            turned.add(page.next)
            page = await self._client.page(page.next)

    async def _one(self, listed: Collected) -> bool:
        """A record that is read by itself, since the page that holds it can't be."""
        reference = listed.literal
        try:
            reference = f"{listed.literal}/_history/{version_of(listed.focal)}"
            held = await self._client.read(reference)
        except (NotReadable, NotTranslated) as wrong:
            reason = NotTranslated("not-readable", path=self._kind, remedy=str(wrong))
            await self._unreadable(reference, reason)
            return False
        return held is not None and await self._take(Collected(held.resource, {}, self._settings.base))

    def _note(self, record: Collected, seen: _Seen, *, new: bool) -> None:
        changed = _last_updated(record)
        if changed is None:
            return
        if seen.high is not None and changed < seen.high:
            seen.ordered = False
        seen.high = changed if seen.high is None else max(seen.high, changed)
        if new and self._reached is not None and changed <= self._reached:
            seen.late = True

    def _advance(self, seen: _Seen, begun: datetime) -> None:
        """Move the mark as far as nothing before it can still come.

        Never beyond the server's own clock: a resource that is stamped in the future would have later ones missed.
        """
        if not seen.complete and not seen.ordered:
            log.error("health.unsorted_and_unended", kind=self._kind, pages=seen.pages)
            return
        high = None if seen.high is None else min(seen.high, begun)
        if seen.complete and seen.pages == 1:
            self._reached = None
            if high is not None:
                self._mark.move(self._kind, high)
            return
        if self._reached is not None and not seen.late:
            self._mark.move(self._kind, self._reached)
        self._reached = high


def _last_updated(record: Collected) -> datetime | None:
    try:
        meta = record.root().child("meta")
        return meta.moment("lastUpdated") if meta is not None else None
    except NotTranslated:
        return None
