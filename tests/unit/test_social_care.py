"""A case system's words: what the mapping file must hold, how values are read, and the story told through both."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.sdk.declaration import NotTranslated
from adapters.sdk.pseudonyms import Pseudonyms
from adapters.social_care import far
from adapters.social_care.dictionary import Dictionary
from adapters.social_care.inbound import to_event
from adapters.social_care.mapping import PACKAGED, MappingRefused
from adapters.social_care.native import read
from contracts.directory import Directory
from contracts.network import Network
from contracts.registry import REGISTRY
from hub.simulate.planned import invented_keys
from hub.simulate.story import CARDIFF, VALE, tell
from hub.simulate.story_scenes import SCENES
from hub.simulate.world import World

ROOT = Path(__file__).parents[2]
OWN = Pseudonyms("cardiff-social-services", bytes(range(32)))
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FIXTURES = PACKAGED.parent / "fixtures" / "inbound"


def _mapped(tmp_path: Path, before: str, after: str) -> Dictionary:
    text = PACKAGED.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "mapping.toml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return Dictionary(path)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('upn = "upn"\n', "", r"\[fields.Child\] has no name for the contract's field upn"),
        ('year_group = "education.year_group"\n', "", r"\[fields.OnRoll/NotOnRoll\] has no name .* year_group"),
        ('gender = "sex"', 'gender = "gender"', r"\[fields.Child\] the contract has no field gender"),
        ('Neglect = "neglect"\n', "", r"\[words.suspected_categories\] has no word for neglect"),
        ('"Pre-birth" = "pre-birth"', '"Pre-birth" = "prebirth"', r"\[words.conference\] has no word for pre-birth"),
        ('child_moved = "circumstances.child-moved"\n', "", r"\[kinds\] has no kind for .*child-moved"),
        ('child_moved = "circumstances.child-moved"', 'child_moved = "circumstances.child-flew"', r"child-flew is not"),
        ('police_notice = "notices', 'police_notice = "receipts.accepted"\nx = "notices', r"receipts.accepted is not"),
        (
            '"HeldConference.scheduled" = "conference_booked"',
            '"HeldConference.scheduled" = "diary"',
            r"points to diary",
        ),
        ('opened_at = "opened_at"', 'read_at = "opened_at"', r"answer_opened and its fields are written by dolen"),
        ('answer_refused = "receipts', 'no_thanks = "receipts', r"no_thanks and its fields are written by dolen"),
        ('view = "view"', 'organisation = "view"', r"can't be read"),
        ('default_language = "en"', 'default_language = "fr"', r"default_language"),
        ('yes = "Y"', 'yess = "Y"', r"yes"),
        ("[kinds]", "[kinds", r"can't be read"),
    ],
)
def test_a_mapping_with_which_something_could_not_be_said_stops_the_start_and_says_where(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    with pytest.raises(MappingRefused, match=said):
        _mapped(tmp_path, before, after)


def test_a_mapping_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(MappingRefused, match="can't be read"):
        Dictionary(tmp_path / "none.toml")


def test_an_agency_has_words_and_names_of_its_own(tmp_path: Path) -> None:
    own = _mapped(tmp_path, 'gender = "sex"', 'sex_at_birth = "sex"')
    row = read("row.json", (FIXTURES / "child-moved.json").read_bytes().replace(b'"gender"', b'"sex_at_birth"'))
    assert to_event(row, OWN, own).data["child"]["sex"] == "female"
    with pytest.raises(NotTranslated, match="unknown-field"):
        to_event(row, OWN)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network.load(ROOT / "deploy" / "networks" / "cardiff-and-vale.toml", Directory.packaged())


def test_the_story_reads_the_same_after_it_went_through_the_case_system(network: Network) -> None:
    world = World(network, Directory.packaged())
    story = tell(world, SCENES, start=date(2026, 1, 12), keys=invented_keys(network.agencies))
    told = [chapter.event for chapter in story if chapter.event.source in (CARDIFF, VALE)]
    assert len({event.type for event in told}) >= 20
    for event in told:
        document = json.loads(event.model_dump_json())
        if event.type.endswith("receipts.delivered.v1"):
            continue  # the inbox says it, not the case system
        draft = to_event(read(*far.record(document)), OWN)
        again = document | {"data": draft.data, "subject": draft.subject, "correlationid": draft.correlationid}
        assert draft.time == event.time
        assert _numbered(again, event.type) == _numbered(document, event.type), event.type


def _numbered(document: dict[str, Any], event_type: str) -> str:
    """The event as its model has it, with its UUIDs by where they recur."""
    kept = {name: value for name, value in document.items() if name not in ("id", "traceparent")}
    event = REGISTRY[event_type].model.model_validate_json(json.dumps(kept | {"id": document["id"]}))
    text = event.model_dump_json(include={"data", "subject", "correlationid"})
    order: dict[str, str] = {}
    return UUID.sub(lambda found: order.setdefault(found[0], f"uuid {len(order)}"), text)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-07-01T10:00:00", "2026-07-01T10:00:00+01:00"),
        ("2026-12-01 10:00:00", "2026-12-01T10:00:00+00:00"),
        ("2026-12-01T10:00", "2026-12-01T10:00:00+00:00"),
        ("2026-10-25T01:30:00", "2026-10-25T01:30:00+01:00"),
        ("2026-10-25T01:30:00+00", "2026-10-25T01:30:00+00:00"),
        ("2026-07-01T10:00:00.25Z", "2026-07-01T10:00:00.250000+00:00"),
    ],
)
def test_a_time_without_an_offset_is_the_clock_of_cardiff_and_the_earlier_of_two(written: str, meant: str) -> None:
    row = json.loads((FIXTURES / "child-moved.json").read_bytes())
    row["document"]["learned_at"] = written
    assert to_event(read("row.json", json.dumps(row).encode()), OWN).data["learned_at"] == meant
