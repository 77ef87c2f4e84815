"""Decides how rows become events without one being lost, told twice or told out of turn.

Where the adapter's store is in the case system's own database, rows are marked and their events stored in one
transaction. Elsewhere an event is stored first, under an id that the row's own numbers make, and the row is marked
then: after a crash in between it is stored again, which the outbox answers with what it has.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from adapters.sdk.composing import Composed, composed
from adapters.sdk.declaration import Draft, NotTranslated, Taken
from adapters.sdk.errors import NotStored
from adapters.sdk.outbox import HubAnswer
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.social_care import statements
from adapters.social_care.dictionary import Dictionary
from adapters.social_care.inbound import DOCUMENT, reference, to_event
from adapters.social_care.native import Row, read
from adapters.social_care.statements import Mark, Waiting

T = TypeVar("T")
Transaction = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
"""Runs an operation in a transaction in the case system's database."""


class StoreOutbox(Protocol):
    """What is asked of the adapter's outbox, beside `put`."""

    is_postgresql: bool

    async def put(self, draft: Draft) -> Taken: ...

    async def set_aside(self, reference: str, reason: NotTranslated, *, native: bytes | None = None) -> None: ...

    async def together(self, operation: Callable[[Connection], T]) -> T: ...

    def add_all(self, connection: Connection, events: Sequence[Composed]) -> list[Taken]: ...

    async def answers(self, event_ids: Sequence[str]) -> Mapping[str, HubAnswer]: ...


@dataclass(frozen=True, slots=True)
class _Translated:
    """A row, and the event that it makes or the reason that it makes none."""

    id: int
    reference: str
    line: str
    draft: Draft | None = None
    event: Composed | None = None
    reason: NotTranslated | None = None


class Taking:
    """Works through the rows of one case system."""

    def __init__(
        self,
        outbox: StoreOutbox,
        words: Dictionary,
        pseudonyms: Pseudonyms,
        transaction: Transaction,
        *,
        rows: int,
    ) -> None:
        """`rows` is the most that are taken at once."""
        self._outbox = outbox
        self._words = words
        self._pseudonyms = pseudonyms
        self._transaction = transaction
        self._rows = rows
        self._shared: bool | None = None
        self._answered_up_to = 0

    async def round(self) -> bool:
        """Take what waits and mark what the hub has answered; whether there was anything."""
        found = await self._transaction(lambda connection: statements.waiting(connection, rows=self._rows))
        if found:
            translated = await asyncio.to_thread(lambda: [self._translated(row) for row in found])
            await (self._take_together(translated) if await self._shares() else self._take_one_by_one(translated))
        answered = await self._mark_answered()
        return bool(found) or answered

    async def _shares(self) -> bool:
        """Whether the store is in the case system's own database, asked of both."""
        if self._shared is None:
            self._shared = self._outbox.is_postgresql and await self._outbox.together(
                statements.server_identity
            ) == await self._transaction(statements.server_identity)
        return self._shared

    async def _take_together(self, translated: Sequence[_Translated]) -> None:
        def take(connection: Connection) -> list[_Translated]:
            taken = iter(
                self._outbox.add_all(connection, [each.event for each in translated if each.event is not None])
            )
            done = [each if each.event is None else _told(each, next(taken)) for each in translated]
            statements.mark(connection, map(_taken_or_not, done))
            return done

        await self._set_aside(await self._outbox.together(take))

    async def _take_one_by_one(self, translated: Sequence[_Translated]) -> None:
        lines: dict[str, list[_Translated]] = {}
        for each in translated:
            lines.setdefault(each.line, []).append(each)
        stored = await asyncio.gather(*(self._put_in_turn(line) for line in lines.values()))
        marks = [_taken_or_not(each) for done, _ in stored for each in done]
        await self._transaction(lambda connection: statements.mark(connection, marks))
        await self._set_aside([each for done, _ in stored for each in done])
        for _, failure in stored:
            if failure is not None:
                raise failure

    async def _put_in_turn(self, line: Sequence[_Translated]) -> tuple[list[_Translated], NotStored | None]:
        """One person's events: none passes another that the store did not take."""
        done: list[_Translated] = []
        for each in line:
            try:
                done.append(each if each.draft is None else _told(each, await self._outbox.put(each.draft)))
            except NotStored as failure:
                return done, failure
        return done, None

    async def _set_aside(self, translated: Iterable[_Translated]) -> None:
        """Let the heartbeat count what could not be translated; the row itself stays where it is."""
        for each in translated:
            if each.reason is not None:
                await self._outbox.set_aside(each.reference, each.reason)

    async def _mark_answered(self) -> bool:
        found = await self._transaction(
            lambda connection: statements.unanswered(connection, after=self._answered_up_to, rows=self._rows)
        )
        # From the beginning again where the end is reached: what is not answered yet is asked about once more.
        self._answered_up_to = found[-1].id if len(found) == self._rows else 0
        answers = await self._outbox.answers([row.event_id for row in found]) if found else {}
        marks = [
            Mark(row.id, answer.state, faults=self._faults(row.kind, answer.faults))
            for row in found
            if (answer := answers.get(row.event_id)) is not None and answer.state != row.status
        ]
        if marks:
            await self._transaction(lambda connection: statements.mark(connection, marks))
        return bool(marks) and self._answered_up_to > 0

    def _translated(self, row: Waiting) -> _Translated:
        line, name = f"row {row.id}", f"row {row.id}"
        try:
            native = read("row.json", row.content)
            line, name = _line(native), reference(native.kind, native.record_id, native.record_version)
            draft = to_event(native, self._pseudonyms, self._words)
            return _Translated(row.id, name, line, draft, composed(draft, self._pseudonyms))
        except NotTranslated as reason:
            return _Translated(row.id, name, line, reason=reason)
        except NotAnEvent as failure:  # a rule between the row and its document, which no field is to blame for
            return _Translated(row.id, name, line, reason=NotTranslated("not-an-event", remedy=str(failure)))

    def _faults(self, kind: str, faults: Sequence[Mapping[str, str]]) -> str | None:
        """What the hub found, in the case system's own names."""
        entry = self._words.by_kind.get(kind)
        said = [
            {
                "code": fault["code"],
                "path": entry.shape.native_path(_steps(fault["path"]), DOCUMENT) if entry else fault["path"],
                "remedy": fault["remedy"],
            }
            for fault in faults
        ]
        return json.dumps(said) if said else None


def _told(each: _Translated, taken: Taken) -> _Translated:
    """The same row; where the outbox has other content under its name, and that one stands, the reason why."""
    return replace(each, event=None, reason=_REUSED) if taken.differs else each


_REUSED = NotTranslated(
    "version-reused",
    path="record_version",
    remedy="this version went out with other content, which the hub may have by now: count record_version up",
)


def _taken_or_not(each: _Translated) -> Mark:
    if each.reason is not None:
        said = {"code": each.reason.code, "path": each.reason.path, "remedy": each.reason.remedy}
        return Mark(each.id, "untranslatable", faults=json.dumps([said]))
    return Mark(each.id, "taken", event_id=each.event.event_id if each.event is not None else None)


def _line(row: Row) -> str:
    return f"person {row.person_id}" if row.person_id is not None else f"hub {row.hub_subject}"


def _steps(path: str) -> list[str]:
    """The steps of a path of the hub's, such as `data.children[0].child`, from `data` down."""
    steps = path.replace("[", ".").replace("]", "").split(".")
    return steps[1:] if steps[:1] == ["data"] else steps
