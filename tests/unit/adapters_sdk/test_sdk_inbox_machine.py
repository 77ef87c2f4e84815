"""An inbox under every order of arrivals, tries, crashes and decisions: a machine on a real store, against a model."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic_core import from_json
from sqlalchemy import select

from adapters.sdk.delivering import Turn
from adapters.sdk.inbox import Due, Failed, Settled
from adapters.sdk.outcome import Delivered, Outcome, Refused, Retry
from adapters.sdk.parked import Parked, parked, retry, skip
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.sdk.store import Store
from adapters.sdk.subscriber import Received
from tests.adapter_parts import AGENCY, CHILD, OTHER_CHILD, Clock, Parts, made, notification

CHILDREN = (CHILD, OTHER_CHILD)
NUMBERS = st.integers(1, 7)
TRIES = 3
WINDOW_MS = 2000
GAP = "wales.child-protection.receipts.gap.v1"


@dataclass
class Child:
    """What is known of one child's notifications, by their numbers."""

    waiting: dict[int, int] = field(default_factory=dict)
    """When each came that is not settled."""
    settled: dict[int, str] = field(default_factory=dict)
    gaps: set[int] = field(default_factory=set)
    """Those that were let through before their turn."""
    given: list[int] = field(default_factory=list)
    """As the system had them."""
    tries: Counter[int] = field(default_factory=Counter)
    parked: bool = False

    @property
    def highest(self) -> int:
        return max(self.settled, default=0)


@dataclass
class UnderWay:
    """A try between its beginning and its end."""

    due: Due
    outcome: Settled | Failed | None = None


class InboxMachine(RuleBasedStateMachine):
    """One store, one clock, two children."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="dolen-inbox-"))
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.children = {child: Child() for child in CHILDREN}
        self.under_way: dict[int, UnderWay] = {}

    @initialize()
    def it_starts(self) -> None:
        self.store = Store(f"sqlite:///{self.folder}/adapter.db")
        self.store.__enter__()
        self.parts: Parts = made(self.store, tries=TRIES)
        for part in (self.parts.outbox, self.parts.inbox):
            part._clock = self.clock
        self.parts.clock = self.parts.delivering.clock = self.clock
        self.runner.run(self.parts.delivering._take_over())

    @rule(came=st.lists(st.tuples(st.sampled_from(CHILDREN), NUMBERS), min_size=1, max_size=4))
    def a_batch_comes(self, came: list[tuple[str, int]]) -> None:
        self.runner.run(self.parts.inbox.store([_record(child, number) for child, number in came]))
        for child, number in came:
            known = self.children[child]
            if number not in known.settled:
                known.waiting.setdefault(number, self.clock())

    @rule(seconds=st.sampled_from([0.1, 1, 2.1, 100]))
    def time_passes(self, seconds: float) -> None:
        self.clock.forward(seconds)

    @rule()
    def tries_begin(self) -> None:
        for begun in self._turn([], most=10).begun:
            due = begun.due
            assert due.line not in self.under_way, "two of a child at once"
            self._is_the_turn_of(due)
            self._child(due).tries[due.sequence] += 1
            self.under_way[due.line] = UnderWay(due)

    @precondition(lambda self: any(one.outcome is None for one in self.under_way.values()))
    @rule(answer=st.sampled_from([Delivered(), Delivered(), Retry("system-away"), Refused("not-our-child")]))
    def the_system_is_given_one(self, answer: Outcome) -> None:
        self._is_given(next(one for one in self.under_way.values() if one.outcome is None), answer)

    @precondition(lambda self: any(one.outcome is not None for one in self.under_way.values()))
    @rule()
    def outcomes_are_written_down(self) -> None:
        done = {line: one for line, one in self.under_way.items() if one.outcome is not None}
        outcomes = [one.outcome for one in done.values() if one.outcome is not None]
        self._turn(outcomes, most=0)
        for line, one in done.items():
            del self.under_way[line]
            if isinstance(one.outcome, Settled):
                self._settled(self._child(one.due), one.due.sequence, one.outcome.state)
            else:
                self._failed(one.due)

    @rule(subject=st.sampled_from(CHILDREN), numbers=st.lists(NUMBERS, min_size=1, max_size=3))
    def one_fails_at_every_try(self, subject: str, numbers: list[int]) -> None:
        """Up to the ceiling, and no further: then the child stands still, and what comes of it queues behind."""
        child = self.children[subject]
        for _ in range(2 * TRIES + 2):  # a suspect goes alone, and the other child may have one
            if child.parked or not child.waiting:
                break
            self.clock.forward(100)
            self.tries_begin()
            for one in [one for one in self.under_way.values() if one.outcome is None]:
                self._is_given(one, Retry("system-away") if self._child(one.due) is child else Delivered())
            self.outcomes_are_written_down()
        assert child.parked or not child.waiting, "tried for ever"
        self.who_failed_too_often_stands_still_and_nobody_else()
        self.a_batch_comes([(subject, number) for number in numbers])
        self.clock.forward(100)
        self.tries_begin()

    @rule()
    def the_process_ends_and_another_begins(self) -> None:
        for one in self.under_way.values():
            self._failed(one.due)
        self.under_way.clear()
        self.store.__exit__(None, None, None)
        self.it_starts()

    @rule(data=st.data(), go_on=st.booleans())
    def a_person_decides(self, data: st.DataObject, go_on: bool) -> None:
        stands = self.store.look(partial(parked, made=self.store.tables))
        if not stands:
            return
        one = data.draw(st.sampled_from(stands))
        if go_on:
            self._retried(one)
            return
        skipping = partial(
            skip,
            inbox=self.parts.inbox,
            made=self.store.tables,
            delivery=one.delivery,
            refusal=Refused("other", "Ar bapur."),
            pseudonyms=Pseudonyms(AGENCY, bytes(32)),
            clock=self.clock,
        )
        self.runner.run(self.store.write(skipping))
        self._settled(self._of(one.delivery), one.sequence, "skipped")

    @invariant()
    def nothing_is_lost_and_nothing_is_there_twice(self) -> None:
        inbox, lines = self.store.tables.inbox, self.store.tables.inbox_lines
        rows = self.store.look(
            lambda connection: connection.execute(
                select(lines.c.subject, inbox.c.sequence, inbox.c.state).join(lines, lines.c.id == inbox.c.line)
            ).all()
        )
        kept = sorted((row.subject, row.sequence, row.state) for row in rows)
        known = [
            (subject, number, child.settled.get(number, "waiting"))
            for subject, child in self.children.items()
            for number in {*child.waiting, *child.settled}
        ]
        assert kept == sorted(known)

    @invariant()
    def the_counts_are_right(self) -> None:
        waiting = sum(len(child.waiting) for child in self.children.values())
        assert self.store.look(self.parts.inbox.counts).waiting == waiting

    @invariant()
    def who_failed_too_often_stands_still_and_nobody_else(self) -> None:
        stands = self.store.look(partial(parked, made=self.store.tables))
        assert len(stands) == sum(child.parked for child in self.children.values())
        for one in stands:
            child = self._of(one.delivery)
            assert child.parked
            assert (one.tries, child.tries[one.sequence]) == (TRIES, TRIES)

    @invariant()
    def each_gap_was_told_once(self) -> None:
        outbox = self.store.tables.outbox
        rows = self.store.look(
            lambda connection: connection.execute(select(outbox.c.value).where(outbox.c.type == GAP)).all()
        )
        told = sorted(from_json(row.value)["data"]["delivery"] for row in rows)
        assert told == sorted(_id(subject, number) for subject, child in self.children.items() for number in child.gaps)

    def teardown(self) -> None:
        """The system takes all that is left: everything that came is settled, in each child's order."""
        try:
            while any(child.waiting for child in self.children.values()):
                for one in self.store.look(partial(parked, made=self.store.tables)):
                    self._retried(one)
                self.clock.forward(100)
                self.tries_begin()
                assert self.under_way, "something waits and is never due"
                while any(one.outcome is None for one in self.under_way.values()):
                    self.the_system_is_given_one(Delivered())
                self.outcomes_are_written_down()
            self.nothing_is_lost_and_nothing_is_there_twice()
            for child in self.children.values():
                assert {number for number, state in child.settled.items() if state != "skipped"} <= set(child.given)
        finally:
            self.store.__exit__(None, None, None)
            self.runner.close()
            shutil.rmtree(self.folder)

    def _is_given(self, one: UnderWay, answer: Outcome) -> None:
        child = self._child(one.due)
        assert one.due.sequence not in child.settled, "handled a second time"
        child.given.append(one.due.sequence)
        self.parts.edge.answer = lambda given: answer
        one.outcome = self.runner.run(self.parts.delivering._outcome(one.due))

    def _turn(self, done: Sequence[Settled | Failed], *, most: int) -> Turn:
        """One transaction of the adapter's own: outcomes in, tries out."""
        turn = partial(self.parts.delivering._settle_and_begin, done, list(self.under_way), most)
        return self.runner.run(self.store.write(turn))

    # -- what the model says

    def _is_the_turn_of(self, due: Due) -> None:
        child, number = self._child(due), due.sequence
        assert not child.parked
        assert number == min(child.waiting), "an earlier one of the child waits"
        gap = child.highest > 0 and number > child.highest + 1
        assert due.missing_from == (child.highest + 1 if gap else None)
        if number > child.highest + 1:
            assert self.clock() >= min(child.waiting.values()) + WINDOW_MS, "those before it may come yet"
        if gap and not due.attempts:
            child.gaps.add(number)

    def _failed(self, due: Due) -> None:
        child = self._child(due)
        child.parked = child.tries[due.sequence] >= TRIES

    def _retried(self, one: Parked) -> None:
        retrying = partial(retry, made=self.store.tables, delivery=one.delivery, clock=self.clock)
        self.runner.run(self.store.write(retrying))
        child = self._of(one.delivery)
        child.parked, child.tries[one.sequence] = False, 0

    def _settled(self, child: Child, number: int, state: str) -> None:
        assert number not in child.settled
        del child.waiting[number]
        child.parked = False
        child.settled[number] = state

    def _child(self, due: Due) -> Child:
        return self._of(due.delivery_id)

    def _of(self, delivery: str) -> Child:
        return next(
            child
            for subject, child in self.children.items()
            if delivery in {_id(subject, number) for number in (*child.waiting, *child.settled)}
        )


@cache
def _record(subject: str, number: int) -> Received:
    return notification(number, subject=subject)


@cache
def _id(subject: str, number: int) -> str:
    identity: str = from_json(_record(subject, number).value)["id"]
    return identity


InboxMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestInbox = InboxMachine.TestCase
