"""What an agency calls a child by never leaves the agency, and the same child is always the same."""

import re

from pydantic import TypeAdapter

from adapters.sdk.pseudonyms import Pseudonyms
from contracts.envelope import Uuid

POLICE = Pseudonyms("south-wales-police", b"k" * 32)
NATIVE = "2600000123"


def test_the_same_number_is_the_same_child() -> None:
    assert POLICE.child(NATIVE) == Pseudonyms("south-wales-police", b"k" * 32).child(NATIVE)


def test_a_pseudonym_is_a_uuid_of_the_contracts_form_and_version_eight() -> None:
    made = TypeAdapter(Uuid).validate_python(POLICE.child(NATIVE))
    assert re.fullmatch(r".{14}8.{4}[89ab].*", made)


def test_a_child_an_episode_and_an_event_of_the_same_number_are_three() -> None:
    assert len({POLICE.child(NATIVE), POLICE.episode(NATIVE), POLICE.event(NATIVE)}) == 3


def test_another_key_or_agency_makes_another_pseudonym() -> None:
    others = Pseudonyms("south-wales-police", b"l" * 32), Pseudonyms("gwent-police", b"k" * 32)
    assert len({POLICE.child(NATIVE), *(other.child(NATIVE) for other in others)}) == 3


def test_a_key_shows_in_no_representation() -> None:
    assert "kkk" not in repr(POLICE)
