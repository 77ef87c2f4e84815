"""Decides the order of the demo: start, play, count, show, stop."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from hub.credentials import CredentialFiles
from hub.demo.check import count
from hub.demo.phrases import Phrase
from hub.demo.process import ROOT, HubProcess
from hub.demo.programme import Item, add_ended_keys, programme
from hub.demo.tables import tables, verdict
from hub.demo.watch import follow
from hub.errors import StartRefused
from hub.local.stack import Download, Stack
from hub.names import Names
from hub.observe.labels import Language
from hub.observe.search import KafkaTopics, find
from hub.observe.trail import query
from hub.observe.waterfall import waterfall
from hub.provision import provision_network
from hub.settings import STATE_DIR, Settings, load_settings
from hub.simulate.planned import Planned
from hub.simulate.sender import Placed, send
from hub.simulate.stage import Stage, load_stage
from hub.simulate.story import Chapter

NETWORK = ROOT / "deploy" / "networks" / "cardiff-and-vale.toml"
SHOWN = "conference"
"""The scene whose whole path is shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the demo was asked for."""

    events: int
    seed: int
    rate: float
    keep: bool
    state: Path | None
    language: Language


@dataclass(slots=True)
class Played:
    """What was sent, and where it is."""

    placed: list[Placed] = field(default_factory=list)
    chapters: list[Chapter] = field(default_factory=list)


def play(asked: Asked, console: Console) -> bool:
    """The whole demo; whether every number was right."""
    say, language = console.print, asked.language
    say(Phrase.TITLE.say(language, events=f"{asked.events:,}"), style="bold")
    say(Phrase.INVENTED.say(language), style="dim")
    with _directory(asked) as state:
        stack = Stack(state, download=_download_bar(console, language))
        hub = HubProcess(state, NETWORK, lanes=_settings(state).lanes)
        try:
            settings, stage = _started(stack, hub, console, language)
            played = asyncio.run(_played(asked, settings, stage, hub, console))
            return asyncio.run(_shown(asked, settings, stage, played, console))
        finally:
            _ended(asked, stack, hub, console)


def _started(stack: Stack, hub: HubProcess, console: Console, language: Language) -> tuple[Settings, Stage]:
    with console.status(Phrase.STARTING.say(language)) as status:
        stack.up()
        status.update(Phrase.PROVISIONING.say(language))
        settings = _settings(stack.state_dir)
        provision_network(settings)
        settings = _settings(stack.state_dir)
        stage = load_stage(settings)
        add_ended_keys(CredentialFiles(settings.state_dir), stage.network.agencies, datetime.now(UTC))
        status.update(Phrase.HUB.say(language))
        hub.start()
    return settings, load_stage(settings)


async def _played(asked: Asked, settings: Settings, stage: Stage, hub: HubProcess, console: Console) -> Played:
    """Send everything, and wait until the hub has decided it."""
    items = list(programme(stage, events=asked.events, seed=asked.seed, now=datetime.now(UTC)))
    played = Played(chapters=[item.chapter for item in items if item.chapter is not None])
    every: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    with _progress(console) as progress:
        sent = progress.add_task(Phrase.SENDING.say(asked.language), total=len(items))
        decided = progress.add_task(Phrase.DECIDING.say(asked.language), total=len(items))
        following = asyncio.create_task(
            follow(settings, until=every, on_decided=lambda n: progress.advance(decided, n), hub=hub)
        )
        sending = asyncio.create_task(_send(asked, items, stage, played, progress, sent))
        try:
            for first in (await asyncio.wait({sending, following}, return_when=asyncio.FIRST_COMPLETED))[0]:
                first.result()  # a hub that ends early ends the sending
            every.set_result(len(played.placed))
            await following
        finally:
            for task in (sending, following):
                task.cancel()
            await asyncio.gather(sending, following, return_exceptions=True)  # they close their connections
    return played


async def _send(
    asked: Asked, items: Sequence[Item], stage: Stage, played: Played, progress: Progress, sent: TaskID
) -> None:
    def on_placed(placed: Placed) -> None:
        played.placed.append(placed)
        progress.advance(sent)

    def records() -> Iterator[Planned]:
        for item in items:
            if item.chapter is not None:
                progress.console.print(_line(item.chapter, asked.language))
            yield item.planned

    await send(records(), stage.credentials, rate=asked.rate, on_placed=on_placed)


async def _shown(asked: Asked, settings: Settings, stage: Stage, played: Played, console: Console) -> bool:
    """Count, and show what was counted, one whole path, and how to go on."""
    language = asked.language
    with console.status(Phrase.COUNTING.say(language)):
        findings = await count(settings, stage, played.placed)
        shown = next(chapter for chapter in played.chapters if chapter.scene.name == SHOWN)
        asked_for = query(shown.event.id)
        trails = await find(asked_for, KafkaTopics(settings), Names(settings.topic_prefix)) if asked_for else []
    console.print(tables(findings, stage.network, language, of_story=len(played.chapters), rate=asked.rate))
    console.print()
    console.print(Phrase.TRACE.say(language, what=_words(shown, language)), style="bold")
    for trail in trails:
        console.print(waterfall(trail, language))
    _look_further(asked, shown, console)
    console.print(verdict(findings, language))
    return findings.right and bool(trails)


def _look_further(asked: Asked, shown: Chapter, console: Console) -> None:
    phrase = Phrase.LOOK if asked.keep else Phrase.KEEP_FIRST
    console.print(phrase.say(asked.language), style="bold")
    state = f" --state {asked.state}" if asked.state is not None else ""
    for command in (
        f"dolen trace {shown.event.id}{state}",
        f"dolen tail cardiff-education{state}",
        f"dolen dead-letters list{state}",
    ):
        console.print(f"  {command}", highlight=False, soft_wrap=True)
    console.print()


def _ended(asked: Asked, stack: Stack, hub: HubProcess, console: Console) -> None:
    language = asked.language
    if asked.keep and hub.alive:
        state = f" --state {asked.state}" if asked.state is not None else ""
        console.print(Phrase.STOP.say(language))
        console.print(f"  kill {hub.pid}; dolen down{state}", highlight=False)
        return
    with console.status(Phrase.STOPPING.say(language)):
        hub.stop()
        stack.down(wipe=not asked.keep)


@contextmanager
def _directory(asked: Asked) -> Iterator[Path]:
    """Where everything is kept: a directory that is gone afterwards, or the one that was asked for."""
    if asked.state is None and not asked.keep:
        with tempfile.TemporaryDirectory(prefix="dolen-demo-", ignore_cleanup_errors=True) as made:
            yield Path(made)
        return
    state = (asked.state or STATE_DIR).resolve()
    if state.exists() and any(state.iterdir()):
        raise StartRefused(
            f"{state} is not empty: the demo counts what is in its topics, so it begins with none; name another "
            "directory with --state, or empty this one with `dolen down --wipe`"
        )
    try:
        yield state
    finally:
        if not asked.keep:
            shutil.rmtree(state, ignore_errors=True)  # it was empty, or not there


def _settings(state: Path) -> Settings:
    return load_settings(state_dir=state, network=NETWORK)


def _line(chapter: Chapter, language: Language) -> str:
    day = Phrase.DAY.say(language, day=chapter.scene.day + 1)
    return f"[dim]{day:>12} {chapter.scene.clock}[/]  {escape(_words(chapter, language))}"


def _words(chapter: Chapter, language: Language) -> str:
    return chapter.scene.cy if language is Language.CY else chapter.scene.en


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console)


def _download_bar(console: Console, language: Language) -> Download:
    @contextmanager
    def bar(total: int) -> Iterator[Callable[[int], None]]:
        columns = (TextColumn(Phrase.FETCHING.say(language)), BarColumn(), DownloadColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=total)
            yield lambda arrived: progress.update(task, advance=arrived)

    return bar
