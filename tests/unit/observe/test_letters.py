"""What `dolen dead-letters` shows: codes, fields and remedies in both languages, and never a value."""

import asyncio
import json
from typing import Any

from rich.console import Console, RenderableType
from trails import NAMES, ZERO, MemoryTopics, rejected

from contracts.faults import EXPLANATIONS, FaultCode
from contracts.rules import TEXTS, Rule
from hub.dead_letter import DeadLetter, dead_letter
from hub.observe.labels import Language
from hub.observe.letters import as_data, listed, read_letter, read_letters, shown

DAY_MS = 86_400_000


def letters() -> MemoryTopics:
    topics = MemoryTopics()
    forged = [{"code": "HUB-104", "path": "", "rule": ""}]
    conflict = [{"code": "HUB-401", "path": "id", "rule": ""}]
    put(topics, rejected())
    put(topics, rejected(at={"partition": 2, "offset": 5, "time_ms": ZERO - 1000}, faults=forged, signer=None))
    first = {"topic": "referrals.v1", "partition": 0, "offset": 1}
    put(topics, rejected(at={"partition": 0, "offset": 9, "time_ms": ZERO + 1000}, faults=conflict, first=first))
    return topics


def put(topics: MemoryTopics, entry: dict[str, Any]) -> None:
    letter = dead_letter(entry, topic=NAMES.dead_letters)
    topics.put(NAMES.dead_letters, entry["lane"], letter.value, time_ms=entry["at"]["time_ms"] + 5)


def read(**asked: str) -> list[DeadLetter]:
    return asyncio.run(read_letters(letters(), NAMES, **asked))


def drawn(what: RenderableType, *, width: int = 200) -> str:
    console = Console(width=width, highlight=False, markup=False, emoji=False, color_system=None)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


def test_letters_come_oldest_first_from_all_lanes() -> None:
    assert [letter.letter_id for letter in read()] == ["referrals.v1/2/5", "referrals.v1/1/17", "referrals.v1/0/9"]


def test_letters_can_be_chosen_by_fault_and_by_sender() -> None:
    assert [letter.letter_id for letter in read(reason="HUB-307")] == ["referrals.v1/1/17"]
    assert read(reason="HUB-201") == []
    assert len(read(sender="south-wales-police")) == 3
    assert len(read(sender="/agencies/south-wales-police")) == 3
    assert read(sender="cardiff-education") == []


def test_a_letter_is_found_by_its_id_in_its_own_lane() -> None:
    topics = letters()
    found = asyncio.run(read_letter(topics, NAMES, "referrals.v1/2/5"))
    assert found is not None
    assert topics.reads == [(NAMES.dead_letters, (2,))]
    assert asyncio.run(read_letter(topics, NAMES, "referrals.v1/2/6")) is None
    assert asyncio.run(read_letter(topics, NAMES, "referrals.v1/99/6")) is None


def test_the_remedy_is_there_in_both_languages_whichever_is_asked_for() -> None:
    known = EXPLANATIONS[FaultCode.FIELD_INVALID]
    for language in Language:
        page = drawn(shown(read(reason="HUB-307")[0], language, now_ms=ZERO), width=400)
        rule = TEXTS[Rule.NHS_NUMBER]
        for text in (known.title_en, known.title_cy, known.remedy_en, known.remedy_cy, rule.en, rule.cy):
            assert text in page
        assert "data.children.0.child.nhs_number" in page
        assert "dolen_nhs_number" in page


def test_a_letter_says_until_when_its_payload_can_be_read() -> None:
    letter = read(reason="HUB-307")[0]
    assert "Payload readable until  2026-04-26" in drawn(shown(letter, Language.EN, now_ms=ZERO))
    assert "Payload expired" in drawn(shown(letter, Language.EN, now_ms=ZERO + 31 * DAY_MS))


def test_a_sender_that_nobody_proved_is_marked() -> None:
    assert "unproven" in drawn(listed(read(reason="HUB-104"), Language.EN))
    assert "unproven" not in drawn(listed(read(reason="HUB-307"), Language.EN))
    assert "heb ei brofi" in drawn(shown(read(reason="HUB-104")[0], Language.CY, now_ms=ZERO))


def test_a_conflict_names_the_first_use_of_the_id() -> None:
    letter = read(reason="HUB-401")[0].model_copy(update={"outcome": "conflict"})
    assert "First use of the id     referrals.v1/0/1" in drawn(shown(letter, Language.EN, now_ms=ZERO))


def test_a_letter_as_json_explains_each_fault_in_both_languages() -> None:
    found = json.loads(json.dumps(as_data(read(reason="HUB-307")[0])))
    assert found["id"] == "referrals.v1/1/17"
    (fault,) = found["faults"]
    said = {"title_en", "title_cy", "remedy_en", "remedy_cy", "rule_en", "rule_cy"}
    assert {"code", "path", "rule"} | said == set(fault)


def test_a_code_that_a_newer_hub_wrote_is_shown_bare() -> None:
    topics = MemoryTopics()
    put(topics, rejected(faults=[{"code": "HUB-999", "path": "data", "rule": "new"}]))
    (letter,) = asyncio.run(read_letters(topics, NAMES))
    assert as_data(letter)["faults"] == [{"code": "HUB-999", "path": "data", "rule": "new"}]
    assert "HUB-999" in drawn(shown(letter, Language.EN, now_ms=ZERO))
    assert "HUB-999" in drawn(listed([letter], Language.CY))


def test_a_letter_whose_event_could_not_be_read_is_listed_all_the_same() -> None:
    topics = MemoryTopics()
    nameless = dict.fromkeys(rejected()["event"])
    put(topics, rejected(event=nameless, signer=None, key_id=None))
    (letter,) = asyncio.run(read_letters(topics, NAMES))
    assert "unknown" in drawn(listed([letter], Language.EN))
    assert "anhysbys" in drawn(shown(letter, Language.CY, now_ms=ZERO))
