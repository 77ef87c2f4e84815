"""Decides the order of the demo: start, play, count, show, stop."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn

from contracts.parties import agency_of, school_uri
from hub.credentials import CredentialFiles
from hub.demo.acting import Actors
from hub.demo.check import count
from hub.demo.ends import AtEnds, read_ends
from hub.demo.far.agencies import FITZALANS, TREGANNAS, Agencies
from hub.demo.joining import join
from hub.demo.operations import OPERATOR, Operations, opened_by
from hub.demo.phrases import Phrase
from hub.demo.process import ROOT, Service, hub_service
from hub.demo.programme import add_ended_keys, background, story
from hub.demo.tables import tables, verdict
from hub.demo.watch import LOOK_EVERY_S, Ledger, until_at_rest
from hub.errors import StartRefused
from hub.local.stack import Download, Stack
from hub.names import Names
from hub.observe.labels import Language
from hub.observe.search import KafkaTopics, find
from hub.observe.trail import query
from hub.observe.waterfall import waterfall
from hub.provision import provision_network
from hub.settings import STATE_DIR, Settings, load_settings
from hub.simulate.sender import Placed, send
from hub.simulate.stage import Stage, load_stage
from hub.simulate.story import FITZALAN, TREGANNA, Chapter
from hub.simulate.story_scenes import SCENES

NETWORK = ROOT / "deploy" / "networks" / "cardiff-and-vale.toml"
SHOWN = "conference"
"""The scene whose whole path is shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the demo was asked for."""

    events: int
    joined: int
    """Of the background events, how many come when the agencies' adapters have joined."""
    seed: int
    rate: float
    keep: bool
    state: Path | None
    language: Language


@dataclass(frozen=True, slots=True)
class PlayedScene:
    """A scene, and the event that an adapter made of it."""

    chapter: Chapter
    event_id: str


@dataclass(slots=True)
class Played:
    """What was sent directly, where it is, and what was played at the agencies' systems."""

    placed: list[Placed] = field(default_factory=list)
    scenes: list[PlayedScene] = field(default_factory=list)
    before: frozenset[str] = frozenset()
    """Where the records stand that were sent before the agencies joined."""


def play(asked: Asked, console: Console) -> bool:
    """The whole demo; whether every number was right."""
    say, language = console.print, asked.language
    say(Phrase.TITLE.say(language, events=f"{asked.events:,}"), style="bold")
    say(Phrase.INVENTED.say(language), style="dim")
    with _directory(asked) as state:
        running = Running(Stack(state, download=_download_bar(console, language)))
        try:
            ground = _started(running, console, language)
            played = asyncio.run(_played(asked, ground, running, console))
            right = asyncio.run(_shown(asked, ground, played, console))
            if asked.keep:
                _show_operations(running, ground, console, language)
            return right
        finally:
            _ended(asked, running, console)


@dataclass(slots=True)
class Running:
    """What the demo has started, so that it can be stopped."""

    stack: Stack
    hub: Service | None = None
    agencies: Agencies | None = None
    operations: Operations | None = None

    @property
    def services(self) -> Sequence[Service]:
        """All processes but the servers'."""
        adapters = self.agencies.services if self.agencies is not None else ()
        watching = self.operations.services if self.operations is not None else ()
        return (*([self.hub] if self.hub is not None else []), *adapters, *watching)

    @property
    def started(self) -> Sequence[Service]:
        """Those that were started by now."""
        return [service for service in self.services if service.pid]

    @property
    def alive(self) -> bool:
        """Whether all of it still runs."""
        return bool(self.services) and all(service.alive for service in self.services)

    def stop(self) -> None:
        """End it all, the adapters before the hub."""
        if self.operations is not None:
            self.operations.stop()
        if self.agencies is not None:
            self.agencies.stop()
        if self.hub is not None:
            self.hub.stop()


@dataclass(frozen=True, slots=True)
class Ground:
    """What the demo is played on."""

    settings: Settings
    stage: Stage
    agencies: Agencies


def _started(running: Running, console: Console, language: Language) -> Ground:
    stack = running.stack
    with console.status(Phrase.STARTING.say(language)) as status:
        server = stack.up().database_url
        status.update(Phrase.PROVISIONING.say(language))
        provision_network(_settings(stack.state_dir))
        settings = _settings(stack.state_dir)
        names = load_stage(settings).network.agencies
        add_ended_keys(CredentialFiles(settings.state_dir), names, datetime.now(UTC))
        stage = load_stage(settings)
        status.update(Phrase.HUB.say(language))
        running.hub = hub_service(stack.state_dir, NETWORK, lanes=settings.lanes)
        running.hub.start()
        running.agencies = Agencies(stack.state_dir, NETWORK, server=server, schools=_schools(stage))
        running.agencies.prepare()
        running.hub.until_ready()
    return Ground(settings, stage, running.agencies)


def _schools(stage: Stage) -> list[str]:
    """The schools of the network's places, as parties."""
    places = stage.world.places
    return [school_uri(school.number) for place in places for found in place.schools.values() for school in found]


async def _played(asked: Asked, ground: Ground, running: Running, console: Console) -> Played:
    """Send the background; have the agencies join before its last events, and play the story at their systems."""
    now = datetime.now(UTC)
    records = list(background(ground.stage, events=asked.events, seed=asked.seed, now=now))
    before, after = records[: len(records) - asked.joined], records[max(0, len(records) - asked.joined) :]
    played = Played()
    with _progress(console) as progress:
        sent, scenes = (
            progress.add_task(phrase.say(asked.language), total=total)
            for phrase, total in ((Phrase.SENDING, len(records)), (Phrase.PLAYING, len(SCENES)))
        )
        decided = progress.add_task(Phrase.DECIDING.say(asked.language), total=None)

        def on_placed(placed: Placed) -> None:
            played.placed.append(placed)
            progress.advance(sent)

        def on_played(chapter: Chapter, event_id: str) -> None:
            played.scenes.append(PlayedScene(chapter, event_id))
            progress.console.print(_line(chapter, asked.language))
            progress.advance(scenes)

        ledger = Ledger(ground.settings, lambda number: progress.advance(decided, number))
        actors = Actors(ground.stage, ground.agencies.systems)
        credentials, rate = ground.stage.credentials, asked.rate
        tasks = [asyncio.create_task(ledger.follow())]
        try:
            sending = asyncio.create_task(send(before, credentials, rate=rate, on_placed=on_placed))
            tasks.append(sending)
            await _all_or_first_failure([sending], tasks[:1])
            await until_at_rest(ground.settings, ledger, {}, running.started)
            await _joined(ground, played, ledger, progress, asked.language)
            looking = asyncio.create_task(_looking(ground.agencies))
            sending = asyncio.create_task(send(after, credentials, rate=rate, on_placed=on_placed))
            acting = asyncio.create_task(asyncio.to_thread(_act, ground, actors, now, on_played))
            tasks += [looking, sending, acting]
            await _all_or_first_failure([sending, acting], [tasks[0], looking])
            progress.update(decided, description=Phrase.RESTING.say(asked.language))
            total = await until_at_rest(ground.settings, ledger, ground.agencies.systems, running.started)
            progress.update(decided, total=total, description=Phrase.DECIDING.say(asked.language))
        finally:
            actors.stop.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)  # they close their connections
    return played


async def _joined(ground: Ground, played: Played, ledger: Ledger, progress: Progress, language: Language) -> None:
    """The agencies' adapters join: what the hub told before is not theirs."""
    progress.console.print(Phrase.JOINING.say(language), style="bold")
    played.before = frozenset(str(placed.at) for placed in played.placed)
    ledger.told.clear()
    await join(ground.stage.credentials.values(), lanes=ground.settings.lanes)
    await asyncio.to_thread(ground.agencies.start)


async def _all_or_first_failure(done: "Sequence[asyncio.Task[None]]", endless: "Sequence[asyncio.Task[None]]") -> None:
    """Wait for some tasks; another one that ends has failed, and ends it all."""
    waiting = set(done)
    while waiting:
        ended, _ = await asyncio.wait({*waiting, *endless}, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
        waiting -= ended


def _act(ground: Ground, actors: Actors, now: datetime, on_played: Callable[[Chapter, str], None]) -> None:
    telling = story(ground.stage, now=now)
    chapter = next(telling)
    ground.agencies.admit(chapter)
    with suppress(StopIteration):
        while True:
            event_id = actors.act(chapter)
            on_played(chapter, event_id)
            chapter = telling.send(event_id)


async def _looking(agencies: Agencies) -> None:
    while True:
        await asyncio.to_thread(agencies.look)
        await asyncio.sleep(LOOK_EVERY_S)


async def _shown(asked: Asked, ground: Ground, played: Played, console: Console) -> bool:
    """Count, and show what was counted, one whole path, and how to go on."""
    language, settings, stage = asked.language, ground.settings, ground.stage
    with console.status(Phrase.COUNTING.say(language)):
        ends = await asyncio.to_thread(lambda: list(read_ends(ground.agencies.systems.values())))
        made = {scene.event_id: agency_of(scene.chapter.event.source) for scene in played.scenes}
        findings = await count(settings, stage, played.placed, AtEnds(ends, made, played.before))
        shown = next(scene for scene in played.scenes if scene.chapter.scene.name == SHOWN)
        asked_for = query(shown.event_id)
        trails = await find(asked_for, KafkaTopics(settings), Names(settings.topic_prefix)) if asked_for else []
    console.print(tables(findings, stage.network, language, of_story=len(played.scenes), rate=asked.rate))
    console.print()
    console.print(Phrase.TRACE.say(language, what=_words(shown.chapter, language)), style="bold")
    for trail in trails:
        console.print(waterfall(trail, language))
    _look_further(asked, shown, console)
    _show_schools(asked, ground, console)
    console.print(verdict(findings, language))
    return findings.right and bool(trails)


def _look_further(asked: Asked, shown: PlayedScene, console: Console) -> None:
    phrase = Phrase.LOOK if asked.keep else Phrase.KEEP_FIRST
    console.print(phrase.say(asked.language), style="bold")
    state = f" --state {asked.state}" if asked.state is not None else ""
    for command in (
        f"dolen trace {shown.event_id}{state}",
        f"dolen tail cardiff-education{state}",
        f"dolen dead-letters list{state}",
    ):
        console.print(f"  {command}", highlight=False, soft_wrap=True)
    console.print()


def _show_schools(asked: Asked, ground: Ground, console: Console) -> None:
    """Two inboxes that a person can open, one Welsh-medium and one English-medium."""
    if not asked.keep:
        console.print(Phrase.SCHOOLS_FIRST.say(asked.language), style="bold")
        console.print()
        return
    console.print(Phrase.SCHOOLS.say(asked.language), style="bold")
    schools, portal = ground.stage.directory.schools, ground.agencies.portal
    for language, school, subject in (("cy", TREGANNA, TREGANNAS), ("en", FITZALAN, FITZALANS)):
        name = schools[school.rpartition("/")[2]].name
        console.print(Phrase.SIGN_IN_AS.say(asked.language, school=name, name=portal.name_of(subject)))
        console.print(f"    {portal.inbox(language, school)}", highlight=False, soft_wrap=True)
    console.print()


def _show_operations(running: Running, ground: Ground, console: Console, language: Language) -> None:
    """The console's address, who may sign in, and a notice to follow from its sender's reference to who opened it."""
    running.operations = operations = Operations(ground.settings.state_dir, NETWORK)
    with console.status(Phrase.CONSOLE_STARTING.say(language)):
        operations.start(ground.settings)
    console.print()
    console.print(Phrase.CONSOLE.say(language, name=OPERATOR), style="bold")
    console.print(f"    {operations.address}/{language}/now", highlight=False, soft_wrap=True)
    followed = opened_by(ground.settings, (TREGANNA, FITZALAN))
    if followed is not None:
        school = ground.stage.directory.schools[followed.school.rpartition("/")[2]].name
        said = Phrase.FOLLOW.say(language, reference=followed.reference, school=school, at=followed.at)
        console.print(said, highlight=False, soft_wrap=True)
    console.print()


def _ended(asked: Asked, running: Running, console: Console) -> None:
    language = asked.language
    if asked.keep and running.alive:
        state = f" --state {asked.state}" if asked.state is not None else ""
        pids = " ".join(str(service.pid) for service in reversed(running.services))
        console.print(Phrase.STOP.say(language))
        console.print(f"  kill {pids}; dolen down{state}", highlight=False, soft_wrap=True)
        return
    with console.status(Phrase.STOPPING.say(language)):
        running.stop()
        running.stack.down(wipe=not asked.keep)


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
