"""Gives an agency's notifications to its system: children side by side, each child's in order, failures again later."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

import structlog
from pydantic import ValidationError
from pydantic_core import from_json
from sqlalchemy import Connection

from adapters.sdk import answers
from adapters.sdk.clock import Clock, moment, system_clock
from adapters.sdk.composing import Composed, composed
from adapters.sdk.declaration import Declaration, Draft, Edge, Notification, NotTranslated
from adapters.sdk.errors import NotStored
from adapters.sdk.inbox import ENDED, Begun, Due, Failed, Inbox, Settled
from adapters.sdk.outbox import StoredOutbox
from adapters.sdk.outcome import Delivered, Kept, Outcome, Refused, Retry
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.rounds import Rounds
from adapters.sdk.store import Store
from adapters.sdk.waits import backoff_ms, either
from contracts.delivery import Delivery, view_of
from contracts.registry import REGISTRY
from contracts.topics import Family

log = structlog.get_logger("dolen.adapter")

GRACE_S = 10.0
"""For what is under way when the adapter is stopped."""
IDLE_S = 1.0
"""How long a change from another process, as of `dolen adapter parked`, may go unseen."""


@dataclass(frozen=True, slots=True)
class Tries:
    """When a failed notification is tried again, and when no more."""

    most: int
    first_ms: int
    longest_ms: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """What one transaction brought."""

    begun: Sequence[Begun]
    """Their tries are counted: they may be made."""
    next_at: int | None
    """When something held or failed is due; asked for only where nothing is under way."""


@dataclass
class Delivering:
    """Works through the inbox of one adapter."""

    store: Store
    inbox: Inbox
    outbox: StoredOutbox
    declaration: Declaration[Any, Any]
    edge: Edge[Any]
    pseudonyms: Pseudonyms
    tries: Tries
    at_once: int
    clock: Clock = system_clock
    random: Random = field(default_factory=Random)
    rounds: Rounds = field(default_factory=Rounds)

    def __post_init__(self) -> None:
        self.stirred = asyncio.Event()
        """Set when something new may be due, or an outcome may be written down."""
        self._busy: dict[int, asyncio.Task[None]] = {}
        """By line: what is under way, or has an outcome that is not on disk yet."""
        self._done: list[Settled | Failed] = []
        self._took_over = False
        self._alone: int | None = None
        """The line of a suspect, while that is handled."""

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`; what is under way then is finished first."""
        try:
            while not stop.is_set():
                self.rounds.came("delivering")
                await either(stop, self.stirred, await self._round())
            await self._finish()
        finally:
            for task in self._busy.values():
                task.cancel()

    async def _round(self, *, ends: bool = False) -> float:
        """Write down what is done and, unless it `ends`, begin what is due; gives how long there is nothing to do."""
        try:
            await self._take_over()
            return await self._turn(0 if ends else self._room())
        except NotStored as failure:
            log.error("inbox.not_written", outcomes=len(self._done), error=str(failure))
            await asyncio.sleep(IDLE_S)
            return 0

    async def _take_over(self) -> None:
        """Each try that the process before this one did not live through has failed, and may be why it ended."""
        if self._took_over:
            return
        left = await self.store.read(self.inbox.under_way)
        if left:
            failed = [self._failed(due, Retry(ENDED)) for due in left]
            await self.store.write(partial(self._settle, failed))
        self._took_over = True

    async def _finish(self) -> None:
        """Let what is under way come to its end; what takes too long is delivered again after the next start."""
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=GRACE_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                while self._done:
                    await self._round(ends=True)

    def _room(self) -> int:
        """So many tries may begin."""
        return 0 if self._alone in self._busy else self.at_once - len(self._busy) + len(self._done)

    async def _turn(self, most: int) -> float:
        """One transaction: what is done, and at most so many new tries; gives the seconds until more may be due."""
        self.stirred.clear()
        done = tuple(self._done)
        if not done and not most:
            return IDLE_S
        under_way = frozenset(self._busy) - {item.due.line for item in done}
        turn = await self.store.write(partial(self._settle_and_begin, done, under_way, most))
        self._over(done)
        for one in turn.begun:
            self._alone = one.due.line if one.due.suspect else None
            self._busy[one.due.line] = asyncio.create_task(self._handle(one.due))
        if any(one.told for one in turn.begun):
            self.outbox.stirred.set()
        return IDLE_S if turn.next_at is None else min(IDLE_S, max(0.001, (turn.next_at - self.clock()) / 1000))

    def _settle_and_begin(
        self, done: Sequence[Settled | Failed], under_way: Collection[int], most: int, connection: Connection
    ) -> Turn:
        self._settle(done, connection)
        due = self.inbox.due(connection, most, under_way) if most > 0 else []
        begun = [self._begun(one) for one in _together(due, beside_others=bool(under_way))]
        if begun:
            self.inbox.begin(connection, begun)
        idle = not begun and not under_way
        return Turn(begun, self.inbox.next_due_at(connection) if idle else None)

    def _begun(self, due: Due) -> Begun:
        gap = due.missing_from if not due.attempts else None
        return Begun(due, () if gap is None else self._gap(due, gap))

    def _settle(self, done: Sequence[Settled | Failed], connection: Connection) -> None:
        if done:
            self.inbox.settle(connection, done)

    def _over(self, done: Sequence[Settled | Failed]) -> None:
        del self._done[: len(done)]
        for item in done:
            self._busy.pop(item.due.line, None)
        if any(isinstance(item, Settled) and item.answers for item in done):
            self.outbox.stirred.set()

    async def _handle(self, due: Due) -> None:
        outcome = await self._outcome(due)
        self._done.append(outcome)
        self.stirred.set()

    async def _outcome(self, due: Due) -> Settled | Failed:
        document = _document(due)
        try:
            outcome = await self._asked(due)
        except NotTranslated as failure:
            log.warning("inbox.unreadable", delivery=due.delivery_id, code=failure.code, path=failure.path)
            outcome = Refused("unreadable")
        except TimeoutError:
            outcome = Retry("no-answer-in-time")
        except Exception as failure:  # an adapter's mistake stops one child, not the agency; its text may hold data
            outcome = Retry(f"failed-{type(failure).__name__.lower()}")
        match outcome:
            case Retry():
                return self._failed(due, outcome)
            case Kept():
                return Settled(due, "delivered", None, ())
            case Delivered():
                return Settled(due, "delivered", None, self._answers(due, document, outcome))
            case Refused():
                return Settled(due, "refused", outcome.code, self._answers(due, document, outcome))

    async def _asked(self, due: Due) -> Outcome:
        if due.family not in self.declaration.subscribes:
            if due.family == Family.RECEIPTS:
                return Delivered()  # an adapter that doesn't want them need not say so each time
            return Refused("other", "This agency's system has no place for notifications of this family.")
        delivery = _parsed(due)
        native = self.declaration.to_native(delivery)
        notification = Notification(delivery, attempt=due.attempts + 1, gap=due.missing_from is not None)
        async with asyncio.timeout(self.tries.timeout_s):
            return await self.edge.deliver(native, notification)

    def _failed(self, due: Due, retry: Retry) -> Failed:
        tried = due.attempts + 1
        if tried >= self.tries.most:
            log.error("inbox.parked", delivery=due.delivery_id, type=due.type, reason=retry.reason, tries=tried)
            return Failed(due, retry.reason, None)
        wait = backoff_ms(tried, first_ms=self.tries.first_ms, longest_ms=self.tries.longest_ms, random=self.random)
        if retry.after is not None:
            wait = max(wait, int(retry.after.total_seconds() * 1000))
        log.warning("inbox.retry", delivery=due.delivery_id, reason=retry.reason, tries=tried, wait_ms=wait)
        return Failed(due, retry.reason, self.clock() + wait)

    def _answers(self, due: Due, document: dict[str, Any], outcome: Delivered | Refused) -> tuple[Composed, ...]:
        def draft(at: datetime) -> Draft:
            if isinstance(outcome, Refused):
                return answers.refused(document, at, outcome)
            return answers.delivered(document, at)

        return self._composed(due, document, draft)

    def _gap(self, due: Due, missing_from: int) -> tuple[Composed, ...]:
        document = _document(due)
        log.warning("inbox.gap", delivery=due.delivery_id, missing_from=missing_from, sequence=due.sequence)
        return self._composed(due, document, lambda at: answers.gap(document, at, missing_from=missing_from))

    def _composed(self, due: Due, document: dict[str, Any], draft: Callable[[datetime], Draft]) -> tuple[Composed, ...]:
        if not answers.is_answered(str(document.get("source")), due.family):
            return ()
        try:
            return (composed(draft(moment(self.clock())), self.pseudonyms),)
        except (KeyError, NotAnEvent):
            # A notification that lacks what an answer must name: there is nobody to tell.
            log.error("inbox.not_answered", delivery=due.delivery_id, type=due.type)
            return ()


def _together(due: Sequence[Due], *, beside_others: bool) -> Sequence[Due]:
    """What may begin now: what may have ended the process before goes alone, so that no other is suspected."""
    suspects = [one for one in due if one.suspect]
    if not suspects:
        return due
    return [] if beside_others else suspects[:1]


def _document(due: Due) -> dict[str, Any]:
    try:
        document = from_json(due.value)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _parsed(due: Due) -> Delivery:
    kind = REGISTRY.get(due.type)
    if kind is None:
        raise NotTranslated("type-unknown", path="type", remedy="install a Dolen that knows the type")
    try:
        return view_of(kind.model).model_validate_json(due.value)
    except ValidationError as wrong:
        found = wrong.errors(include_input=False, include_context=False, include_url=False)[0]
        path = "*" if found["type"] == "extra_forbidden" else ".".join(str(part) for part in found["loc"])
        raise NotTranslated("not-a-notification", path=path, remedy="install a Dolen that knows the field") from None
