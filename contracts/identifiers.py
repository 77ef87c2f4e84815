"""Identifiers of people, places and records, with their forms and check digits; a refusal never holds the value."""

from operator import mul
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from contracts.base import Contract
from contracts.parties import AgencyId, Names
from contracts.rules import Rule, broken

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""A to Z less I, O and S: a letter's index is its value (Data Standards Catalogue, UPN 2.0)."""

_UPN_VALUES = {char: value for values in ("0123456789", UPN_LETTERS) for value, char in enumerate(values)}


def nhs_check_digit(body: str) -> int | None:
    """The tenth digit to nine digits of an NHS number (modulus 11), or None where no number has that body."""
    remainder = 11 - sum((10 - place) * int(digit) for place, digit in enumerate(body)) % 11
    return None if remainder == 10 else remainder % 11


def upn_check_letter(tail: str) -> str:
    """The first letter to the other twelve characters of a UPN (modulus 23)."""
    return UPN_LETTERS[sum(map(mul, range(2, 14), map(_UPN_VALUES.__getitem__, tail))) % 23]


def _check_nhs_number(number: str) -> str:
    # Written out, since it runs for every child of every event: 48 is ASCII "0", and 2,640 is 48 x (10 + ... + 2 + 1).
    a, b, c, d, e, f, g, h, i, check = number.encode()
    weighed = 10 * a + 9 * b + 8 * c + 7 * d + 6 * e + 5 * f + 4 * g + 3 * h + 2 * i + check - 2640
    if weighed % 11:
        raise broken(Rule.NHS_NUMBER)
    return number


def _check_upn(number: str) -> str:
    # stdnum.gb.upn is no use here: its list of authorities is English, and it refuses every Welsh pupil.
    if upn_check_letter(number[1:]) != number[0]:
        raise broken(Rule.UPN)
    return number


NhsNumber = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{10}$"),
    AfterValidator(_check_nhs_number),
    Field(description="NHS number: ten digits, no spaces; the tenth is a check digit (modulus 11)."),
]
"""Ten digits without spaces. NHS numbers change and merge: never a primary key."""

Upn = Annotated[
    str,
    StringConstraints(pattern=r"^[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]$"),
    AfterValidator(_check_upn),
    Field(description="Unique pupil number: check letter (modulus 23), authority, establishment, year, serial."),
]
"""Thirteen characters; a letter at the end marks a temporary number. Any authority, Welsh (660 to 681) or not."""

SchoolNumber = Annotated[str, StringConstraints(pattern=r"^6(6[0-9]|7[0-9]|8[01])[0-9]{4}$"), Names.SCHOOL]
"""Seven digits: the Welsh authority (660 to 681) and the establishment. Not the six-digit URN of the DfE."""

PoliceNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9/-]{0,31}$")]
"""A number of one force, opaque: forms differ from force to force, and no check digit is published."""

RecordNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
"""A number in one agency's own system, opaque."""

GpPractice = Annotated[str, StringConstraints(pattern=r"^W[0-9]{5}$")]
"""ODS code of a general practice in Wales."""

SocialWorkerNumber = Annotated[str, StringConstraints(pattern=r"^W/[0-9]{7}$")]
"""Registration number at Social Care Wales, which a co-ordinator must have (form to confirm)."""

Postcode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}$")]
"""Upper case, one space."""

Uprn = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,11}$")]
"""Unique property reference number."""

Telephone = Annotated[str, StringConstraints(pattern=r"^(\+[1-9]|0)[0-9 ]{7,17}[0-9]$")]
"""National with its leading 0, or international with `+`; spaces allowed."""

EmailAddress = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$", max_length=254),
]

LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""BCP 47, for example `cy`, `en`, `pl`, `bfi` (British Sign Language)."""


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class PoliceReference(Contract):
    """A reference within one force. Most reports have no URN: that comes at arrest or charge."""

    force: AgencyId
    kind: Literal["occurrence", "urn", "public-protection-notification", "other"]
    number: PoliceNumber


class AuthorityPersonId(Contract):
    """A child's number in one authority's social-services system; it means nothing outside that authority."""

    authority: AgencyId
    number: RecordNumber
