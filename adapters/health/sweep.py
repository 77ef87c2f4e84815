"""Decides what is read from the server and how far it was read: nothing is missed, whatever the server does meanwhile.

A search by `_lastUpdated` misses in two ways. A server stamps a change before it shows it: so each sweep begins an
overlap behind the mark, and the outbox drops by reference what it has. And a resource that is changed while pages are
turned moves to the end, everything behind it moves up by one, and one resource slips from the next page to the page
that was just read: so after a sweep of several pages the mark moves only when a second sweep has found nothing new
there. A sweep of one page is one answer, in which nothing slips.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
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
    """Reads one kind of resource, again and again: `begin`, then `records` with a `note` for each, then `advance`."""

    def __init__(
        self, kind: str, client: FhirClient, *, settings: Settings, mark: Mark, unreadable: TakeUnreadable
    ) -> None:
        self._kind = kind
        self._client = client
        self._settings = settings
        self._mark = mark
        self._unreadable = unreadable
        self._seen = _Seen()
        self._first: Page | NotReadable = NotReadable("not begun")
        self._reached: datetime | None = None
        """How far the sweep before was, where it had several pages: not yet the mark."""

    async def begin(self) -> datetime | None:
        """Ask for the first page; the server's clock as it answered, or None where the answer can't be read."""
        self._seen = _Seen()
        try:
            self._first = await self._client.search(self._kind, self._parameters())
        except NotReadable as wrong:
            self._first = wrong
            return None
        return self._first.at

    async def records(self) -> AsyncIterator[Collected]:
        """All since the mark, page by page; one by one where a page can't be read. Raises what the client raises."""
        try:
            if isinstance(self._first, NotReadable):
                raise self._first
            async for page in self._pages(self._first):
                for record in collected(page.bundle, base=self._settings.base):
                    yield record
        except (NotReadable, NotTranslated) as wrong:
            log.warning("health.page_not_readable", kind=self._kind, pages=self._seen.pages, error=str(wrong))
            self._seen = _Seen()
            first = await self._client.search(self._kind, self._parameters() | {"_elements": "id,meta"})
            async for page in self._pages(first):
                for listed in collected(page.bundle, base=self._settings.base):
                    record_itself = await self._one(listed)
                    if record_itself is not None:
                        yield record_itself

    def note(self, record: Collected, *, new: bool) -> None:
        """A record was taken; `new`: the outbox did not have it."""
        seen, changed = self._seen, changed_at(record)
        if changed is None:
            return
        if seen.high is not None and changed < seen.high:
            seen.ordered = False
        seen.high = changed if seen.high is None else max(seen.high, changed)
        if new and self._reached is not None and changed <= self._reached:
            seen.late = True

    def advance(self, begun: datetime) -> None:
        """Move the mark as far as nothing before it can still come.

        Never beyond the server's own clock at the beginning: a resource that is stamped in the future would have later
        ones missed.
        """
        seen = self._seen
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

    def _parameters(self) -> dict[str, str]:
        start = (self._mark.of(self._kind) - self._settings.overlap).astimezone(UTC)
        return {
            "_lastUpdated": f"ge{start.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}",
            "_sort": "_lastUpdated",
            "_count": str(self._settings.page_size),
            "_include": f"{self._kind}:subject",
            "category": ",".join(categories_of(self._kind)),
        }

    async def _pages(self, page: Page) -> AsyncIterator[Page]:
        turned, seen = set[str](), self._seen
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

    async def _one(self, listed: Collected) -> Collected | None:
        """A record that is read by itself, since the page that holds it can't be."""
        reference = listed.literal
        try:
            reference = f"{listed.literal}/_history/{version_of(listed.focal)}"
            held = await self._client.read(reference)
        except (NotReadable, NotTranslated) as wrong:
            reason = NotTranslated("not-readable", path=self._kind, remedy=str(wrong))
            await self._unreadable(reference, reason)
            return None
        return None if held is None else Collected(held.resource, {}, self._settings.base)


def changed_at(record: Collected) -> datetime | None:
    """When the server says that the record was changed."""
    try:
        meta = record.root().child("meta")
        return meta.moment("lastUpdated") if meta is not None else None
    except NotTranslated:
        return None
