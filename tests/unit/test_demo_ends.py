"""What agencies' systems have is held against what the policy calls for: each mistake shows in its own number."""

from dataclasses import replace

import pytest

from contracts.topics import Family
from hub.demo.counted import Due
from hub.demo.ends import AtSystem, End, Events, at_system, system_checks
from hub.demo.phrases import Phrase
from hub.record import Coordinates
from hub.simulate.planned import Planned
from hub.simulate.sender import Placed

POLICE = "south-wales-police"
FAMILY = "conferences"


def _due(offset: int, family: str = FAMILY) -> Due:
    at = Coordinates(f"{family}.v1", 0, offset)
    planned = Planned(at.topic, b"", b"", (), "cardiff-social-services")
    source = "/agencies/cardiff-social-services"
    return Due(f"/agencies/{POLICE}", at.topic, Placed(planned, at, 0), source, "child", family)


DUE = {"first": _due(1), "second": _due(2), "answered": _due(3, Family.RECEIPTS)}
END = End(
    agency=POLICE,
    families=frozenset(Family),
    taken={"said": "PPN-1/1", "one": "answer first", "two": "answer second", "gap": "gap second"},
    refused=frozenset(),
    has=("first", "answered", "second"),
)
EVENTS = Events({"said": POLICE}, {}, {"said": 1, "one": 1, "two": 1, "gap": 1})


def _wrong(end: End = END, events: Events = EVENTS) -> set[Phrase]:
    found = [at_system(end, DUE, events)]
    return {check.phrase for check in system_checks(found, [end], events) if not check.right}


def test_all_that_is_due_there_once_in_order_and_answered_is_right() -> None:
    assert at_system(END, DUE, EVENTS) == AtSystem(POLICE, 1, 3, 0, 3, 0, 0, 2, 2)
    assert _wrong() == set()


@pytest.mark.parametrize(
    ("has", "seen"),
    [
        (("first", "answered"), Phrase.CHECK_AT_SYSTEMS),
        (("first", "answered", "second", "second"), Phrase.CHECK_AT_SYSTEMS),
        (("first", "answered", "second", "another"), Phrase.CHECK_SYSTEM_STRAY),
        (("second", "answered", "first"), Phrase.CHECK_SYSTEM_ORDER),
    ],
)
def test_what_is_missing_doubled_strange_or_out_of_order_at_a_system_is_seen(
    has: tuple[str, ...], seen: Phrase
) -> None:
    assert _wrong(replace(END, has=has)) == {seen}


def test_a_record_that_the_hub_did_not_take_or_took_twice_is_seen() -> None:
    for times in (0, 2):
        assert _wrong(events=replace(EVENTS, accepted={**EVENTS.accepted, "said": times})) == {Phrase.CHECK_NATIVE}


def test_an_event_of_no_scene_is_seen() -> None:
    assert _wrong(replace(END, taken={**END.taken, "more": "PPN-2/1"})) == {Phrase.CHECK_NATIVE}


def test_a_notification_that_is_not_answered_is_seen() -> None:
    assert _wrong(events=replace(EVENTS, accepted={**EVENTS.accepted, "two": 0})) == {Phrase.CHECK_ANSWERED}


def test_what_a_system_refused_is_not_looked_for_there() -> None:
    assert _wrong(replace(END, refused=frozenset({"second"}), has=("first", "answered"))) == set()
    assert _wrong(replace(END, refused=frozenset({"second"}))) == {Phrase.CHECK_SYSTEM_STRAY}
