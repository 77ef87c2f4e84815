"""`python -m tests.faults --level gate|night|release [--seed N] [--only NAME]`: campaigns, verdicts and the table."""

import argparse
import asyncio
import logging
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from hub.errors import Unavailable
from hub.local.stack import Stack
from tests.faults.adapter import RATE, hurt_adapter
from tests.faults.campaign import Campaign, NotHere
from tests.faults.ground import Ground
from tests.faults.hurt import Hurt, judged
from tests.faults.journal import Journal, Sender
from tests.faults.levels import LEVELS, Level, Part, plan
from tests.faults.nemeses.edges import ADAPTER
from tests.faults.nemeses.registry import NEMESES, SITE_OF
from tests.faults.patience import SETTING
from tests.faults.results import Control, Result, keep, kept
from tests.faults.scenarios import CAUGHT_AS, SCENARIOS, judge
from tests.faults.sites import SITES
from tests.faults.table import README, table, write_readme
from tests.servers import find_servers

logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the senders' brokers are killed: they say so at length
logging.getLogger("asyncio").setLevel(logging.CRITICAL)

BUSY_S = 300.0
"""How long the machine may be too busy for what has to come in the end."""


def main() -> None:
    """Run what the arguments say; exit 1 where any verdict is not clean, or a fault was left out in CI."""
    asked = _arguments()
    if asked.table:
        _show(asked, kept(asked.results))
        return
    os.environ[SETTING] = f"{asked.patience:g}"
    level = _level(asked)
    say(f"seed {asked.seed}; again with: {_again(asked)}")
    done: list[Result | Control] = []
    with tempfile.TemporaryDirectory(prefix="dolen-faults-") as scratch, find_servers(Path(scratch) / "stack") as there:
        if there.stack is None:
            raise SystemExit("the faults hurt servers: unset DOLEN_KAFKA__BOOTSTRAP_SERVERS, so that own ones are used")
        run = Run(there.stack, level, asked, home=asked.state or Path(scratch))
        if not asked.only and not asked.without_controls and asked.level != "gate":
            done += run.controls()
        results = run.campaigns()
        done += results
    _show(asked, kept(asked.results) if asked.results else done)
    left_out = any(one.left_out for one in results) and os.environ.get("CI") == "true"
    missed = [one for one in done if isinstance(one, Control) and not one.count]
    sys.exit(0 if results and not missed and not left_out and all(one.clean for one in results) else 1)


class Run:
    """One run of the command."""

    def __init__(self, stack: Stack, level: Level, asked: argparse.Namespace, *, home: Path) -> None:
        self._stack, self._level, self._asked, self._home = stack, level, asked, home
        self._left_out: dict[str, str] = {}
        self._of_adapters: list[Result] = []
        self._named = {"command": _again(asked), "revision": _revision()}

    def campaigns(self) -> list[Result]:
        """All campaigns of the level, then the verdicts on all, as many at a time as was asked for."""
        with ExitStack() as sites:
            hurt = self._hurt(sites)
            results = [*self._judged(hurt), *map(self._kept, self._of_adapters)]
            for one in hurt:
                one.ground.close()
        return results

    def _hurt(self, sites: ExitStack) -> list[Hurt]:
        """Hurt one hub after the other; none after one that did not come back. Their servers stay up."""
        done: list[Hurt] = []
        until = time.monotonic() + 60 * self._level.minutes
        parts = [part for part in self._level.parts for _ in range(part.campaigns)]
        for number, part in enumerate(parts):
            if time.monotonic() > until or (done and done[-1].stuck):
                break
            rate = RATE if part.site == ADAPTER else self._level.rate
            say(
                f"campaign {number + 1} of {len(parts)}, {part.site}: {len(part.names) * part.times} faults at "
                f"{rate:.0f} events a second"
            )
            home = self._home / f"campaign-{number}"
            home.mkdir(parents=True, exist_ok=True)
            try:
                stack = sites.enter_context(SITES[part.site](self._stack, home))
            except NotHere as missing:
                say(f"LEFT OUT: {', '.join(part.names)}: {missing}")
                self._left_out |= dict.fromkeys(part.names, str(missing))
                continue
            if part.site == ADAPTER:
                steps = plan(part, self._asked.seed, number)
                self._of_adapters.append(
                    hurt_adapter(stack, home, steps, NEMESES, site=part.site, say=say, until=until)
                )
                continue
            plan_of = {"seed": self._asked.seed, "number": number, "rate": rate, "until": until}
            done.append(asyncio.run(hurt_one(stack, home, part, **plan_of)))
        return done

    def _judged(self, hurt: list[Hurt]) -> list[Result]:
        results = []
        with ProcessPoolExecutor(self._asked.jobs, mp_context=get_context("spawn")) as pool:
            for number, (one, found) in enumerate(zip(hurt, pool.map(judged, hurt), strict=True)):
                say(f"campaign {number + 1}, {one.site}:{found.said}")
                results.append(self._kept(found))
        return results

    def _kept(self, found: Result) -> Result:
        result = replace(found, **self._named)
        result.left_out.update(self._left_out)
        keep(self._asked.results, result)
        return result

    def controls(self) -> list[Control]:
        """Take every hub that is built wrong through what brings it to light."""
        done = []
        for name, scenario in SCENARIOS.items():
            ground = ground_on(self._stack, self._home / f"control-{name}")
            try:
                found = judge(ground, scenario, name)
            finally:
                ground.close()
            count = len(getattr(found, CAUGHT_AS[name]))
            say(f"control {name}: {count} {CAUGHT_AS[name]}" if count else f"control {name}: NOT CAUGHT")
            done.append(Control(name=name, caught_as=CAUGHT_AS[name], count=count, **self._named))
            keep(self._asked.results, done[-1])
        return done


async def campaign(
    stack: Stack, home: Path, part: Part, *, seed: int, number: int, rate: float, until: float
) -> Result:
    """One campaign and its verdict."""
    hurt = await hurt_one(stack, home, part, seed=seed, number=number, rate=rate, until=until)
    try:
        found = await asyncio.to_thread(judged, hurt)
        say(found.said)
        return found
    finally:
        hurt.ground.close()


async def hurt_one(stack: Stack, home: Path, part: Part, *, seed: int, number: int, rate: float, until: float) -> Hurt:
    """Hurt a hub under load until the plan is gone through, and wait until it has read everything."""
    ground = await asyncio.to_thread(ground_on, stack, home / "ground", seed=seed)
    journal = Journal()
    sender = Sender(ground.root, ground.load, journal, rate=rate, seed=seed + number)
    try:
        async with ground.wire, ground.pipe:
            ground.start()
            await ground.working(within_s=BUSY_S)
            sending = asyncio.create_task(sender.run())
            doing = Campaign(ground, stack, sender, journal, say, random.Random(seed))
            steps = plan(part, seed, number)
            try:
                await _first_commits(ground)
                doing.begun = time.monotonic()
                done = await doing.run(steps, NEMESES, until=until)
            except Exception as stuck:
                say(f"  STUCK at step {journal.step + 1}, {steps[journal.step].name}: {type(stuck).__name__}: {stuck}")
                done = journal.step + 1
                doing.stuck = f"{steps[journal.step].name}: {type(stuck).__name__}: {stuck}"
                await asyncio.to_thread(_heal, stack)
            finally:
                sender.stop()
                await asyncio.wait_for(sending, BUSY_S)
            minutes, load = (time.monotonic() - doing.begun) / 60, os.getloadavg()[1]
            if doing.restarts:
                say(f"  a worker ended by itself, and was started again, after: {', '.join(doing.restarts)}")
            await ground.settled(BUSY_S)
            await asyncio.to_thread(ground.end_workers)
    except BaseException:
        ground.close()
        raise
    return Hurt(
        ground=ground,
        journal=journal,
        site=part.site,
        names=[step.name for step in steps[:done]],
        strikes=doing.strikes,
        restarts=doing.restarts,
        left_out=doing.left_out,
        stuck=doing.stuck,
        minutes=minutes,
        load_average=load,
    )


def ground_on(stack: Stack, home: Path, *, seed: int = 0) -> Ground:
    """A hub's own topics and users; tried again where Kafka is too busy to make them in time."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            return Ground(stack.state_dir, home, seed=seed)
        except Unavailable as busy:
            if time.monotonic() > until:
                raise
            say(f"  once more: {busy}")
            shutil.rmtree(home)


def _show(asked: argparse.Namespace, results: object) -> None:
    text = table(results)  # type: ignore[arg-type]
    say(text)
    if asked.readme:
        write_readme(text, asked.readme)


def _level(asked: argparse.Namespace) -> Level:
    """The level that was asked for, or what is left of it."""
    level = LEVELS[asked.level]
    parts = level.parts
    if asked.only:
        sites = dict.fromkeys(SITE_OF[name] for name in asked.only)
        if asked.site:
            sites = {asked.site: None}
        parts = [Part(site, [n for n in asked.only if asked.site or SITE_OF[n] == site]) for site in sites]
    elif asked.site:
        parts = [part for part in parts if part.site == asked.site]
    if asked.rounds:
        parts = [replace(part, campaigns=asked.rounds) for part in parts]
    return Level(parts, asked.rate or level.rate, asked.minutes or level.minutes)


def _revision() -> str:
    """The commit that runs, marked where files differ from it."""
    said = subprocess.run(
        ["git", "describe", "--always", "--abbrev=8", "--exclude=*", "--dirty=-changed"],
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or "unknown"


def _heal(stack: Stack) -> None:
    for server in stack.servers:
        server.resume()
    stack.up()


async def _first_commits(ground: Ground) -> None:
    until = time.monotonic() + BUSY_S
    while len(ground.wire.commits) < ground.settings.lanes:
        if time.monotonic() > until:
            raise AssertionError(f"the hub commits nothing; its log ends:\n{ground.tail()}")
        if not ground.living:
            ground.start()
        await asyncio.sleep(0.05)


def _again(asked: argparse.Namespace) -> str:
    """The command that does the same again."""
    given = {"rounds": asked.rounds, "rate": asked.rate, "minutes": asked.minutes}
    words = [f"--{name} {value:g}" for name, value in given.items() if value]
    words += [f"--only '{name}'" for name in asked.only or ()]
    words += [f"--patience {asked.patience:g}"] if asked.patience != 1 else []
    words += [f"--site '{asked.site}'"] if asked.site else []
    return " ".join([f"deploy/faults --level {asked.level} --seed {asked.seed}", *words])


def say(text: str) -> None:
    """To the terminal, at once."""
    print(text, flush=True)  # noqa: T201


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy/faults", description="Hurt a hub and judge what is on its topics.")
    parser.add_argument("--level", choices=LEVELS, default="gate")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="repeats a plan")
    parser.add_argument("--only", action="append", help="one fault (may be given several times)", choices=NEMESES)
    parser.add_argument("--site", choices=SITES, help="only the campaigns that take place there")
    parser.add_argument("--rounds", type=int, help="campaigns of each part")
    parser.add_argument("--rate", type=float, help="events a second")
    parser.add_argument("--minutes", type=float, help="begin no fault after this")
    parser.add_argument("--patience", type=float, default=1, help="multiplies the hub's waits, for a busy machine")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="verdicts at a time")
    parser.add_argument("--without-controls", action="store_true", help="leave out the hubs that are built wrong")
    parser.add_argument("--state", type=Path, help="keep logs and state of each campaign here")
    parser.add_argument("--results", type=Path, help="add what comes of it to this file, and show all that is in it")
    parser.add_argument("--table", action="store_true", help="run nothing: show what is in the file of results")
    parser.add_argument(
        "--readme", type=Path, nargs="?", const=README, help="write the table into the README, this one or another"
    )
    asked = parser.parse_args()
    if asked.table and not asked.results:
        parser.error("--table shows what is in --results FILE")
    return asked
