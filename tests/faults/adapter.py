"""An adapter that is hurt while both its ends are loaded, and the verdict: its system and the topics, and the audit."""

import asyncio
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import Select, func, select
from sqlalchemy.exc import OperationalError

from adapters.sdk.tables import Tables
from hub.local.stack import Stack
from tests.adapters_rig import Campaign
from tests.connected.test_police_killed import RecordsSystem
from tests.faults.campaign import NotHere, Say, Step
from tests.faults.results import Result, Row
from tests.faults.sites import mounted
from tests.rig import Rig

DISK_MB = 48
RATE = 30.0
"""Records a second at each end: the adapter's own files are slower than the hub."""
SETTLES_S = 300.0
RECOVERED_WITHIN_S = 240.0
"""Generous, as for the hub."""
EACH = 8
"""Records of each child, at least."""
PATIENCE_S = 5.0
POLL_S = 0.01
RUNS = "adapter.runs"
"""What its log says at each start."""

EdgeNemesis = Callable[["Edge"], Awaitable[None]]


@dataclass
class Edge:
    """What a nemesis of an adapter has to work with."""

    campaign: Campaign
    disk: Path | None
    """Where the adapter's store lies, if that is a small disk of its own."""
    say: Say = print
    rng: random.Random = field(default_factory=random.Random)
    rows: dict[str, Row] = field(default_factory=lambda: defaultdict(Row))
    left_out: dict[str, str] = field(default_factory=dict)
    _struck: float | None = None
    _inside: bool = False
    _before: tuple[int, int] = (0, 0)

    @property
    def store(self) -> Path:
        """The adapter's database, where it is SQLite."""
        return (self.disk or self.campaign.folder) / "adapter.db"

    def open_in_outbox(self) -> int:
        """Events that were taken, and that the hub has not answered."""
        return self._count(lambda made: select(func.count()).where(made.outbox.c.settled_at.is_(None)))

    def open_in_inbox(self) -> int:
        """Notifications that were stored, and that the system has not taken."""
        return self._count(lambda made: select(func.count()).where(made.inbox.c.state == "waiting"))

    def said(self, word: str) -> int:
        """How often the adapter's log has it."""
        return self.campaign.process.log.read_text().count(word)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until it is so; not for ever, where all that was to come before the next fault has come."""
        since: float | None = None
        while not true() and (since is None or time.monotonic() - since < PATIENCE_S):
            if since is None and self.campaign.is_all_let_out:
                since = time.monotonic()
            await asyncio.sleep(POLL_S)

    def struck(self) -> None:
        """A nemesis says: now."""
        self._struck = time.monotonic()

    def kill(self) -> None:
        """SIGKILL."""
        self.struck()
        self.campaign.process.kill()
        self.look()

    def look(self) -> None:
        """Whether anything was taken and not settled, by what a killed process left."""
        self._inside = self.open_in_outbox() + self.open_in_inbox() > 0
        self._before = self.campaign.done(), self.said(RUNS)

    def run_step(self, number: int, step: Step, nemesis: EdgeNemesis) -> None:
        """One fault, until the adapter does its work again."""
        self.rng, self._struck, self._inside = random.Random(step.seed), None, False
        before = self._sent()
        try:
            asyncio.run(nemesis(self))
        except NotHere as missing:
            self.left_out[step.name] = str(missing)
            self.say(f"  {number + 1:3} {step.name}: LEFT OUT: {missing}")
            return
        self.campaign.process.until(self._works_again, timeout_s=RECOVERED_WITHIN_S, what="any work after the fault")
        took = time.monotonic() - (self._struck or 0)
        self.rows[step.name].add(Row(1, int(self._inside), self._sent() - before, stall_s=took, recovery_s=took))
        self.say(f"  {number + 1:3} {step.name:38} {took:5.1f} s until it worked again; inside: {self._inside}")

    def _works_again(self) -> bool:
        """It runs, and has either done more than before or has nothing more to do."""
        done, runs = self._before
        if self.said(RUNS) == runs:
            return False
        return self.campaign.done() > done or not self.open_in_outbox() + self.open_in_inbox()

    def _sent(self) -> int:
        return self.campaign.load["given"] + self.campaign.load["told"]

    def _count(self, asked: Callable[[Tables], Select[tuple[int]]]) -> int:
        with self.campaign.store() as (connection, made):
            try:
                return connection.execute(asked(made)).scalar_one()
            except OperationalError:  # the tables are not made yet
                return 0


def hurt_adapter(
    stack: Stack,
    home: Path,
    steps: Sequence[Step],
    nemeses: dict[str, EdgeNemesis],
    *,
    site: str,
    say: Say,
    until: float = float("inf"),
) -> Result:
    """Hurt the police's adapter with each fault in turn, none after `until`, and judge."""
    rig = Rig(stack.state_dir, home / "rig")
    began = time.monotonic()
    try:
        with _small_disk(home / "disk", say) as disk:
            store = "sqlite:///adapter.db" if disk is None else f"sqlite:///{disk}/adapter.db"
            system = RecordsSystem(home)
            with Campaign(rig, system, store=store, rate=RATE, each=max(EACH, 2 * len(steps))) as campaign:
                edge = Edge(campaign, disk, say)
                stuck = _through(edge, steps, nemeses, until)
                return _judged(edge, site=site, stuck=stuck, minutes=(time.monotonic() - began) / 60)
    finally:
        rig.close()


def _through(edge: Edge, steps: Sequence[Step], nemeses: dict[str, EdgeNemesis], until: float) -> str:
    """The whole plan; what it did not come through, if anything."""
    left = iter(enumerate(steps))

    def next_one() -> None:
        number, step = next(left)
        if time.monotonic() < until:
            edge.run_step(number, step, nemeses[step.name])

    try:
        edge.campaign.hurt(kills=len(steps), timeout_s=SETTLES_S, kill_once=next_one)
    except AssertionError as stuck:
        edge.say(f"  STUCK: {stuck}")
        return f"{type(stuck).__name__}: {stuck}"
    return ""


def _judged(edge: Edge, *, site: str, stuck: str, minutes: float) -> Result:
    campaign = edge.campaign
    differs, report = campaign.differs(), campaign.audited()
    wrong = Counter(kind for kind, _ in differs)
    words = f"clean ({report.inbound} events, edges included)" if report.clean else f"{report.violations[:5]}"
    for kind, what in differs[:20]:
        edge.say(f"  {kind}: {what}")
    sent = len(campaign.records) + len(campaign.told)
    edge.say(f"  {sent} records and notifications; verdict: {dict(wrong) or 'clean'}; dolen audit --edges: {words}")
    return Result(
        day=str(date.today()),
        site=site,
        rows=dict(edge.rows),
        events=sent,
        hostile=0,
        sends=sent + campaign.load["unknown"],
        unknown=campaign.load["unknown"],
        wrong=wrong,
        audit_clean=report.clean,
        audit=words,
        restarts=[],
        left_out=edge.left_out,
        stuck=stuck,
        minutes=minutes,
        load_average=os.getloadavg()[1],
    )


@contextmanager
def _small_disk(place: Path, say: Say) -> Iterator[Path | None]:
    """A small one for the adapter's store; None where none may be mounted."""
    with ExitStack() as there:
        disk: Path | None = place
        try:
            there.enter_context(mounted(place, megabytes=DISK_MB))
        except NotHere as missing:
            say(f"  the store lies on the common disk: {missing}")
            disk = None
        yield disk
