"""`python -m tests.faults --level gate|night|release [--seed N] [--only NAME]`: campaigns, verdicts and the table."""

import argparse
import asyncio
import logging
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from hub.local.stack import Stack
from hub.raw_records import read_any_header
from tests.faults.campaign import Campaign, NotHere
from tests.faults.ground import Ground, by_step
from tests.faults.journal import Journal, Sender
from tests.faults.levels import LEVELS, Level, Part, plan
from tests.faults.nemeses.registry import NEMESES, SITE_OF
from tests.faults.results import Control, Result, keep, kept, result
from tests.faults.scenarios import CAUGHT_AS, SCENARIOS, judge
from tests.faults.second import audited
from tests.faults.sites import SITES
from tests.faults.table import README, table, write_readme
from tests.servers import find_servers

logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the senders' brokers are killed: they say so at length
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def main() -> None:
    """Run what the arguments say; exit 1 where any verdict is not clean, or a fault was left out in CI."""
    asked = _arguments()
    if asked.table:
        _show(asked, kept(asked.results))
        return
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
        self._until = time.monotonic() + 60 * level.minutes
        self._named = {"command": _again(asked), "revision": _revision()}

    def campaigns(self) -> list[Result]:
        """All campaigns of the level; none after one that is not clean."""
        results: list[Result] = []
        parts = [part for part in self._level.parts for _ in range(part.campaigns)]
        for number, part in enumerate(parts):
            if time.monotonic() > self._until:
                break
            say(
                f"campaign {number + 1} of {len(parts)}, {part.site}: {len(part.names) * part.times} faults at "
                f"{self._level.rate:.0f} events a second"
            )
            try:
                results.append(self._campaign(part, number))
            except NotHere as missing:
                say(f"LEFT OUT: {', '.join(part.names)}: {missing}")
                if not results:
                    continue
                results[-1].left_out |= dict.fromkeys(part.names, str(missing))
                continue
            keep(self._asked.results, results[-1])
            if not results[-1].clean:
                break
        return results

    def _campaign(self, part: Part, number: int) -> Result:
        home = self._home / f"campaign-{number}"
        home.mkdir(parents=True, exist_ok=True)
        with SITES[part.site](self._stack, home) as stack:
            seed = self._asked.seed
            found = asyncio.run(
                campaign(stack, home, part, seed=seed, number=number, rate=self._level.rate, until=self._until)
            )
        return replace(found, site=part.site, **self._named)

    def controls(self) -> list[Control]:
        """Take every hub that is built wrong through what brings it to light."""
        done = []
        for name, scenario in SCENARIOS.items():
            ground = Ground(self._stack.state_dir, self._home / f"control-{name}")
            try:
                found = judge(ground, scenario, name)
            finally:
                ground.close()
            count = len(getattr(found, CAUGHT_AS[name]))
            say(f"control {name}: {count} {CAUGHT_AS[name]}" if count else f"control {name}: NOT CAUGHT")
            done.append(Control(name=name, caught_as=CAUGHT_AS[name], count=count, **self._named))
        keep(self._asked.results, *done)
        return done


async def campaign(
    stack: Stack, home: Path, part: Part, *, seed: int, number: int, rate: float, until: float
) -> Result:
    """One campaign and its verdict."""
    read_any_header()  # the verdict reads what the hub reads
    ground = Ground(stack.state_dir, home / "ground", seed=seed)
    journal = Journal()
    sender = Sender(ground.root, ground.load, journal, rate=rate, seed=seed + number)
    try:
        async with ground.wire, ground.pipe:
            ground.start()
            await ground.working()
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
                await asyncio.wait_for(sending, 60)
            minutes, load = (time.monotonic() - doing.begun) / 60, os.getloadavg()[1]
            if doing.restarts:
                say(f"  a worker ended by itself, and was started again, after: {', '.join(doing.restarts)}")
            await ground.settled()
            for worker in ground.living:
                worker.terminate()
            for worker in ground.living:
                await asyncio.to_thread(worker.wait, 30)
            judged = await _judged(ground, doing, [step.name for step in steps[:done]])
            return replace(judged, minutes=minutes, load_average=load)
    finally:
        ground.close()


async def _judged(ground: Ground, done: Campaign, names: list[str]) -> Result:
    journal = done.journal
    ground.sent = journal.acknowledged  # type: ignore[assignment]
    began = time.monotonic()
    found = await ground.judged()
    after = time.monotonic()
    second = await asyncio.to_thread(audited, ground)
    say(
        f"  {journal.sends} sends: {len(journal.acknowledged)} acknowledged, {journal.unknown} unknown, "
        f"{journal.failed} failed; {found.inbound} events on the topic, {found.accepted} accepted, "
        f"{journal.conflicts} of other content under a used id, {journal.hostile} hostile records"
    )
    say(
        f"  verdict: {'clean' if found.clean else found} ({after - began:.0f} s); "
        f"dolen audit: {second.words} ({time.monotonic() - after:.0f} s)"
    )
    blamed = by_step(found, journal.step_of)
    return result(done, names, found, second, blamed, command="", revision="", site="")


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
    until = time.monotonic() + 30
    while len(ground.wire.commits) < ground.settings.lanes:
        if time.monotonic() > until:
            raise AssertionError(f"the hub commits nothing; its log ends:\n{ground.tail()}")
        await asyncio.sleep(0.05)


def _again(asked: argparse.Namespace) -> str:
    """The command that does the same again."""
    given = {"rounds": asked.rounds, "rate": asked.rate, "minutes": asked.minutes}
    words = [f"--{name} {value:g}" for name, value in given.items() if value]
    words += [f"--only '{name}'" for name in asked.only or ()]
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
