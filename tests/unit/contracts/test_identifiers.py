"""Identifiers: which are taken, which are refused, and that a refusal is silent about the value."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.identifiers import (
    UPN_LETTERS,
    EmailAddress,
    NhsNumber,
    PoliceNumber,
    Postcode,
    SchoolNumber,
    Telephone,
    Upn,
    nhs_check_digit,
    upn_check_letter,
)

DIGITS = st.integers(0, 9).map(str)


@cache
def adapter(kind: Any) -> TypeAdapter[str]:
    return TypeAdapter(kind)


def refusal(kind: object, value: object) -> str | None:
    """The broken rule's name, or None where the value is taken."""
    try:
        adapter(kind).validate_python(value, strict=True)
    except ValidationError as error:
        return error.errors(include_input=False)[0]["type"]
    return None


@pytest.mark.parametrize(
    "number",
    [
        "9990000018", "9990000026", "9990000034", "9990000042", "9990000050", "9990123454",
        "9434765919", "9434765870",
    ],
)  # fmt: skip
def test_a_published_or_computed_nhs_number_is_taken(number: str) -> None:
    assert refusal(NhsNumber, number) is None


@pytest.mark.parametrize("number", ["9990000019", "9990000081", "0000000001"])
def test_an_nhs_number_with_a_wrong_check_digit_is_refused(number: str) -> None:
    assert refusal(NhsNumber, number) == "dolen_nhs_number"


@pytest.mark.parametrize("number", ["999 000 0018", "999000001", "99900000180", "９９９００００018", "999000001X", ""])
def test_an_nhs_number_is_ten_ascii_digits(number: str) -> None:
    assert refusal(NhsNumber, number) == "string_pattern_mismatch"


def test_an_nhs_number_is_text() -> None:
    assert refusal(NhsNumber, 9990000018) == "string_type"


def test_a_body_whose_check_digit_would_be_ten_has_no_number() -> None:
    assert nhs_check_digit("999000000") is None
    assert all(refusal(NhsNumber, f"999000000{digit}") for digit in range(10))


@settings(deadline=None)
@given(body=st.text("0123456789", min_size=9, max_size=9))
def test_a_body_has_at_most_one_check_digit_and_it_is_the_computed_one(body: str) -> None:
    taken = [digit for digit in range(10) if refusal(NhsNumber, f"{body}{digit}") is None]
    computed = nhs_check_digit(body)
    assert taken == ([] if computed is None else [computed])


@settings(deadline=None)
@given(body=st.text("0123456789", min_size=9, max_size=9), place=st.integers(0, 9), change=st.integers(1, 9))
def test_one_wrong_digit_in_an_nhs_number_is_always_found(body: str, place: int, change: int) -> None:
    check = nhs_check_digit(body)
    if check is None:
        return
    number = f"{body}{check}"
    wrong = number[:place] + str((int(number[place]) + change) % 10) + number[place + 1 :]
    assert refusal(NhsNumber, wrong) == "dolen_nhs_number"


@pytest.mark.parametrize(
    "number",
    ["T660213021001", "W681404024017", "C674200019123", "K667404823045", "D66021302100A", "B801200005001"],
)
def test_a_welsh_english_or_temporary_upn_is_taken(number: str) -> None:
    assert refusal(Upn, number) is None


@pytest.mark.parametrize("number", ["A660213021001", "T660213021002", "D66021302100B"])
def test_a_upn_with_a_wrong_check_letter_is_refused(number: str) -> None:
    assert refusal(Upn, number) == "dolen_upn"


@pytest.mark.parametrize(
    "number", ["I660213021001", "t660213021001", "T66021302100", "T66021302100I", "T6602130210011", ""]
)
def test_a_upn_uses_neither_i_nor_o_nor_s_and_has_thirteen_characters(number: str) -> None:
    assert refusal(Upn, number) == "string_pattern_mismatch"


@settings(deadline=None)
@given(st.text("0123456789", min_size=11, max_size=11), st.sampled_from("0123456789" + UPN_LETTERS))
def test_a_upn_has_exactly_one_check_letter(middle: str, last: str) -> None:
    taken = [letter for letter in UPN_LETTERS if refusal(Upn, f"{letter}{middle}{last}") is None]
    assert taken == [upn_check_letter(f"{middle}{last}")]


@settings(deadline=None)
@given(
    st.text("0123456789", min_size=12, max_size=12).filter(lambda tail: len(set(tail)) > 1),
    st.integers(0, 10),
)
def test_two_neighbours_that_changed_places_in_a_upn_are_always_found(tail: str, place: int) -> None:
    if tail[place] == tail[place + 1]:
        return
    swapped = tail[:place] + tail[place + 1] + tail[place] + tail[place + 2 :]
    assert refusal(Upn, upn_check_letter(tail) + swapped) == "dolen_upn"


@pytest.mark.parametrize("number", ["6602130", "6812111", "6664000"])
def test_a_welsh_school_number_is_taken(number: str) -> None:
    assert refusal(SchoolNumber, number) is None


@pytest.mark.parametrize("number", ["6592130", "6822111", "8012000", "402130", "66021301", "660213O", "401234"])
def test_an_english_number_or_the_six_digit_urn_of_a_school_is_refused(number: str) -> None:
    assert refusal(SchoolNumber, number) == "string_pattern_mismatch"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Postcode, "CF24 0ZZ"),
        (Postcode, "LL68 9DU"),
        (Telephone, "029 2000 0000"),
        (Telephone, "+44 29 2000 0000"),
        (PoliceNumber, "62AB0012326"),
        (PoliceNumber, "2600000123"),
        (EmailAddress, "dsp@ysgol.example.org"),
    ],
)
def test_what_people_write_in_its_usual_form_is_taken(kind: object, value: str) -> None:
    assert refusal(kind, value) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Postcode, "cf24 0zz"),
        (Postcode, "CF240ZZ"),
        (Telephone, "ring me"),
        (Telephone, "999"),
        (PoliceNumber, "26 00000123"),
        (EmailAddress, "dsp@localhost"),
        (EmailAddress, "a b@example.org"),
    ],
)
def test_another_form_is_refused(kind: object, value: str) -> None:
    assert refusal(kind, value) == "string_pattern_mismatch"


@pytest.mark.parametrize(("kind", "value"), [(NhsNumber, "9990000019"), (Upn, "A660213021001")])
def test_a_refused_number_stands_in_no_message(kind: object, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind, config={"hide_input_in_errors": True}).validate_python(value)
    assert value not in str(caught.value)
    assert value not in str(caught.value.errors(include_input=False))
