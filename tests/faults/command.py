"""`python -m tests.faults --level gate|night|release [--seed N] [--only NAME]`: campaigns, verdicts and the table."""

import argparse
import asyncio
import logging
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from hub.local.stack import Stack
from tests.faults.campaign import Campaign
from tests.faults.ground import Ground, by_step
from tests.faults.journal import Journal, Sender
from tests.faults.levels import LEVELS, Level, plan
from tests.faults.nemeses import NEMESES
from tests.faults.scenarios import CAUGHT_AS, SCENARIOS, judge
from tests.faults.second import audited
from tests.faults.table import README, Round, table, write_readme
from tests.servers import find_servers

logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the senders' brokers are killed: they say so at length
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def main() -> None:
    """Run what the arguments say; exit 1 where any verdict is not clean."""
    asked = _arguments()
    level = LEVELS[asked.level]
    names = [name for name in (asked.only or level.names) if name in NEMESES]
    level = Level(names, asked.rounds or level.rounds, asked.rate or level.rate, asked.minutes or level.minutes)
    print(f"seed {asked.seed}; again with: deploy/faults --level {asked.level} --seed {asked.seed}")  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="dolen-faults-") as scratch, find_servers(Path(scratch) / "stack") as there:
        if there.stack is None:
            raise SystemExit("the faults hurt servers: unset DOLEN_KAFKA__BOOTSTRAP_SERVERS, so that own ones are used")
        home = asked.state or Path(scratch)
        missed = [] if asked.only or asked.level == "gate" else controls(there.stack, home)
        rounds = run(there.stack, level, asked.seed, home=home)
    text = table(rounds, command=_again(asked))
    print(text)  # noqa: T201
    if asked.readme:
        write_readme(text, asked.readme)
    sys.exit(0 if rounds and not missed and all(one.clean for one in rounds) else 1)


def run(stack: Stack, level: Level, seed: int, *, home: Path) -> list[Round]:
    """All campaigns of a level; none after one that is not clean."""
    until = time.monotonic() + 60 * level.minutes
    rounds: list[Round] = []
    for number in range(level.rounds):
        if time.monotonic() > until:
            break
        rounds.append(asyncio.run(campaign(stack, home / f"campaign-{number}", level, seed, number, until)))
        if not rounds[-1].clean:
            break
    return rounds


def controls(stack: Stack, home: Path) -> list[str]:
    """Take every hub that is built wrong through what brings it to light; the names of those that were not caught."""
    missed = []
    for name, scenario in SCENARIOS.items():
        ground = Ground(stack.state_dir, home / f"control-{name}")
        try:
            found = judge(ground, scenario, name)
        finally:
            ground.close()
        count = len(getattr(found, CAUGHT_AS[name]))
        say(f"control {name}: {count} {CAUGHT_AS[name]}" if count else f"control {name}: NOT CAUGHT")
        missed += [] if count else [name]
    return missed


async def campaign(stack: Stack, home: Path, level: Level, seed: int, number: int, until: float) -> Round:
    """One campaign and its verdict."""
    say(f"campaign {number + 1} of {level.rounds}: {len(level.names)} faults at {level.rate:.0f} events a second")
    ground = Ground(stack.state_dir, home, seed=seed)
    journal = Journal()
    sender = Sender(ground.root, ground.load, journal, rate=level.rate, seed=seed + number)
    try:
        async with ground.wire, ground.pipe:
            ground.start()
            await ground.working()
            sending = asyncio.create_task(sender.run())
            doing = Campaign(ground, stack, sender, journal, say, random.Random(seed))
            try:
                steps = plan(level, seed, number)
                await _first_commits(ground)
                doing.begun = time.monotonic()
                done = await doing.run(steps, NEMESES, until=until)
            except Exception as stuck:
                say(f"  STUCK at step {journal.step + 1}, {steps[journal.step].name}: {type(stuck).__name__}: {stuck}")
                done, doing.stuck = journal.step + 1, f"{type(stuck).__name__}: {stuck}"
                await asyncio.to_thread(_heal, stack)
            finally:
                sender.stop()
                await asyncio.wait_for(sending, 60)
            if doing.restarts:
                say(f"  a worker ended by itself, and was started again, after: {', '.join(doing.restarts)}")
            await ground.settled()
            for worker in ground.living:
                worker.terminate()
            return await _round(ground, doing, [step.name for step in steps[:done]])
    finally:
        ground.close()


async def _round(ground: Ground, done: Campaign, names: Sequence[str]) -> Round:
    journal = done.journal
    ground.sent = journal.acknowledged  # type: ignore[assignment]
    found = await ground.judged()
    second = await asyncio.to_thread(audited, ground)
    say(
        f"  {journal.sends} sends: {len(journal.acknowledged)} acknowledged, {journal.unknown} unknown, "
        f"{journal.failed} failed; {found.inbound} events on the topic, {found.accepted} accepted, "
        f"{journal.conflicts} of other content under a used id"
    )
    say(f"  verdict: {'clean' if found.clean else found}; dolen audit: {second.words}")
    return Round(done.strikes, [*names], journal, found, second, by_step(found, journal.step_of), done.stuck)


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
    only = [f"--only '{name}'" for name in asked.only or ()]
    return " ".join([f"deploy/faults --level {asked.level} --seed {asked.seed}", *words, *only])


def say(text: str) -> None:
    """To the terminal, at once."""
    print(text, flush=True)  # noqa: T201


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy/faults", description="Hurt a hub and judge what is on its topics.")
    parser.add_argument("--level", choices=LEVELS, default="gate")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="repeats a plan")
    parser.add_argument("--only", action="append", help="one fault (may be given several times)", choices=NEMESES)
    parser.add_argument("--rounds", type=int, help="campaigns")
    parser.add_argument("--rate", type=float, help="events a second")
    parser.add_argument("--minutes", type=float, help="begin no fault after this")
    parser.add_argument("--state", type=Path, help="keep logs and state of each campaign here")
    parser.add_argument(
        "--readme", type=Path, nargs="?", const=README, help="write the table into the README, this one or another"
    )
    return parser.parse_args()
