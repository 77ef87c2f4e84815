"""The demo says everything in two languages, begins with nothing, and sees a number that is off."""

import io
import string
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from contracts.directory import Directory
from contracts.network import Network
from hub.credentials import CredentialFiles
from hub.demo.check import Findings
from hub.demo.counted import Check
from hub.demo.phrases import Phrase, preferred
from hub.demo.play import Asked, play
from hub.demo.programme import add_ended_keys, background, story
from hub.demo.tables import tables, verdict
from hub.errors import StartRefused
from hub.observe.labels import Language
from hub.outcomes import Outcome
from hub.policy_file import Policy
from hub.simulate.planned import invented_keys
from hub.simulate.stage import Stage
from hub.simulate.story_scenes import SCENES
from hub.simulate.world import World

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def stage() -> Stage:
    directory = Directory.packaged()
    network = Network.load(Path(__file__).parents[2] / "deploy" / "networks" / "cardiff-and-vale.toml", directory)
    return Stage(
        directory=directory,
        network=network,
        policy=Policy.load(directory),
        world=World(network, directory),
        credentials={},
        keys=invented_keys(network.agencies),
        prefix="",
    )


@pytest.mark.parametrize("phrase", Phrase)
def test_every_phrase_is_said_in_both_languages_with_the_same_parts(phrase: Phrase) -> None:
    english, welsh = phrase.value
    assert english
    assert welsh
    parts = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, welsh)]
    assert parts[0] == parts[1]


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.EN),
        ({"LANG": "cy_GB.UTF-8"}, Language.CY),
        ({"LANG": "cy"}, Language.CY),
        ({"LANG": "cy_GB.UTF-8", "LC_ALL": "en_GB.UTF-8"}, Language.EN),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "cy_GB.UTF-8"}, Language.CY),
        ({"LANG": "", "LC_ALL": ""}, Language.EN),
    ],
)
def test_the_environment_chooses_the_language(environment: dict[str, str], language: Language) -> None:
    assert preferred(environment) is language


def test_the_story_and_the_background_end_before_now(stage: Stage) -> None:
    chapters = list(story(stage, now=NOW))
    assert [chapter.scene for chapter in chapters] == list(SCENES)
    assert all(chapter.event.time < NOW for chapter in chapters)
    assert len(list(background(stage, events=500, seed=1, now=NOW))) == 500


def test_the_same_seed_plays_the_same_numbers_on_any_day(stage: Stage) -> None:
    def outcomes(now: datetime) -> list[Outcome]:
        return [record.expectation.outcome for record in background(stage, events=400, seed=1, now=now)]

    assert Counter(outcomes(NOW)) == Counter(outcomes(datetime(2027, 5, 20, 23, tzinfo=UTC)))


def test_every_agency_gets_a_key_that_has_ended_and_keeps_its_own(tmp_path: Path) -> None:
    files = CredentialFiles(tmp_path)
    add_ended_keys(files, ["schools", "south-wales-police"], NOW)
    keys = files.keys()
    assert {key.agency for key in keys} == {"schools", "south-wales-police"}
    assert all(key.valid_to < NOW for key in keys)


def test_a_directory_that_holds_something_is_not_begun_in(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    asked = Asked(events=1, joined=0, seed=1, rate=1, keep=False, state=tmp_path, language=Language.EN)
    with pytest.raises(StartRefused, match="not empty"):
        play(asked, Console(quiet=True))
    assert (tmp_path / "mine").exists()


def _shown(findings: Findings, stage: Stage, language: Language) -> str:
    shown = io.StringIO()
    console = Console(width=120, file=shown)
    console.print(tables(findings, stage.network, language, of_story=51, rate=200), verdict(findings, language))
    return shown.getvalue()


@pytest.mark.parametrize("language", Language)
def test_a_number_that_is_off_is_shown_beside_what_it_should_be(stage: Stage, language: Language) -> None:
    findings = Findings(
        outcomes=Counter({Outcome.ACCEPTED: 10, Outcome.REJECTED: 1}),
        delivered=Counter({"/agencies/south-wales-police": 3, "/schools/6812173": 2}),
        not_told=Counter({"is-sender": 4}),
        letters=Counter({"HUB-205": 1}),
        latencies_ms=[5, 7, 9],
        checks=[Check(Phrase.CHECK_DELIVERED, 5, 5), Check(Phrase.CHECK_STRAY, 0, 1)],
    )
    text = _shown(findings, stage, language)
    assert not findings.right
    assert Phrase.WRONG.say(language) in text
    assert Phrase.NOT_RIGHT.say(language) in text
    assert "7 ms" in text
    assert "HUB-205" in text


def test_a_run_with_every_number_right_is_right(stage: Stage) -> None:
    findings = Findings(checks=[Check(Phrase.CHECK_DELIVERED, 5, 5)])
    assert findings.right
    assert Phrase.WRONG.say(Language.EN) not in _shown(findings, stage, Language.EN)
