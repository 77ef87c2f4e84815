"""The family's story holds together: every step is a valid event that its sender may send, in both languages."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.directory import Directory
from contracts.events.receipts import Answer
from contracts.kinds import Kind
from contracts.network import Network
from contracts.parties import agency_of
from contracts.registry import REGISTRY
from contracts.topics import FAMILY_OF_TOPIC, Family
from hub.policy_file import Policy
from hub.route import route
from hub.simulate.planned import invented_keys
from hub.simulate.story import FITZALAN, SPAN, STANWELL, TREGANNA, Chapter, tell
from hub.simulate.story_scenes import SCENES
from hub.simulate.world import World
from hub.validate import Valid, Validator

START = date(2026, 1, 12)
DIRECTORY = Directory.packaged()
NETWORK = Network.load(Path(__file__).parents[2] / "deploy" / "networks" / "cardiff-and-vale.toml", DIRECTORY)


@pytest.fixture(scope="module")
def story() -> list[Chapter]:
    return list(tell(World(NETWORK, DIRECTORY), SCENES, start=START, keys=invented_keys(NETWORK.agencies)))


class _Record:
    partition, offset = 0, 0

    def __init__(self, chapter: Chapter) -> None:
        record = chapter.record
        self.topic, self.key, self.value, self.headers = record.topic, record.key, record.value, record.headers
        self.timestamp = int(chapter.event.time.timestamp() * 1000)


def test_the_hub_takes_every_step(story: list[Chapter]) -> None:
    validator = Validator(REGISTRY, directory=DIRECTORY, network=NETWORK, families=FAMILY_OF_TOPIC)
    for chapter in story:
        checked = validator.validate(_Record(chapter), signer=chapter.record.agency, fault=None)
        assert isinstance(checked, Valid), (chapter.scene.en, checked)


def test_it_goes_through_every_family_of_events(story: list[Chapter]) -> None:
    assert {FAMILY_OF_TOPIC[chapter.record.topic] for chapter in story} == set(Family)


def test_it_goes_through_every_type_of_the_procedure(story: list[Chapter]) -> None:
    sent = {name for name, kind in REGISTRY.items() if kind.publishers}
    assert {chapter.event.type for chapter in story} == sent


def test_every_kind_of_agency_has_its_say(story: list[Chapter]) -> None:
    kinds = {NETWORK.kind_of(agency_of(chapter.event.source)) for chapter in story}
    assert kinds == set(Kind)


def test_each_step_is_told_in_welsh_and_in_english(story: list[Chapter]) -> None:
    for chapter in story:
        assert chapter.scene.cy
        assert chapter.scene.en
        assert chapter.scene.cy != chapter.scene.en


def test_it_runs_forward_from_the_first_night_to_the_last_day(story: list[Chapter]) -> None:
    times = [chapter.event.time for chapter in story]
    assert times == sorted(times)
    assert times[0].date() == START
    assert times[-1].astimezone(UTC) < datetime(2026, 1, 12, tzinfo=UTC) + SPAN + timedelta(days=1)


def test_the_same_start_gives_the_same_bytes(story: list[Chapter]) -> None:
    again = list(tell(World(NETWORK, DIRECTORY), SCENES, start=START, keys=invented_keys(NETWORK.agencies)))
    assert [chapter.record for chapter in again] == [chapter.record for chapter in story]


def test_one_school_is_welsh_medium_and_one_english_medium_each_in_its_own_authority() -> None:
    mali, osian = (DIRECTORY.schools[party.rpartition("/")[2]] for party in (TREGANNA, STANWELL))
    assert (mali.language_medium, osian.language_medium) == ("WM", "EM")
    assert mali.authority_code != osian.authority_code


def test_both_schools_know_before_the_school_day_and_neither_of_the_other(story: list[Chapter]) -> None:
    policy = Policy.load(DIRECTORY)
    notice = story[0].event
    decisions = route(notice, policy=policy, directory=DIRECTORY, network=NETWORK, on=START)
    assert {decision.recipient for decision in decisions if decision.told} == {TREGANNA, STANWELL}


def test_everybody_who_answers_was_told(story: list[Chapter]) -> None:
    policy = Policy.load(DIRECTORY)
    told: dict[str, set[str]] = {}
    for chapter in story:
        decisions = route(chapter.event, policy=policy, directory=DIRECTORY, network=NETWORK, on=START)
        told[chapter.event.id] = {decision.recipient for decision in decisions if decision.told}
        data: Any = chapter.event.data
        if isinstance(data, Answer):
            assert chapter.event.source in told[data.original.id], chapter.scene.en


def test_the_new_school_is_told_of_the_change_of_school(story: list[Chapter]) -> None:
    (change,) = [chapter.event for chapter in story if chapter.event.type.endswith("school-changed.v1")]
    decisions = route(change, policy=Policy.load(DIRECTORY), directory=DIRECTORY, network=NETWORK, on=START)
    assert FITZALAN in {decision.recipient for decision in decisions if decision.told}
