"""Which rows of a list of schools can be taken: the Welsh Government's address list, or the packaged part of it."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import DirectoryRefused

COLUMNS = ("School Number", "School Name", "LA Code", "Sector", "WM Code", "Postcode")
"""The headings that are read; the official list has more, in any order."""

_NUMBER = re.compile(r"6(6[0-9]|7[0-9]|8[01])[0-9]{4}")
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}")
_CODE = re.compile(r"[A-Z0-9]{1,8}")
_ASK = "Take the list again from gov.wales (Address list of schools), saved as CSV."


@dataclass(frozen=True, slots=True)
class School:
    """One maintained school."""

    number: str
    """Seven digits: authority and establishment."""
    name: str
    """Its one official name, Welsh or English."""
    authority_code: str
    """Three digits, 660 to 681."""
    sector: str
    language_medium: str
    """The list's WM Code: WM, DS, TR, AB, BB, CB, CH, EW, EM; `NA` is a value (not applicable), not a gap."""
    postcode: str


def read_schools(file: Path) -> tuple[School, ...]:
    """All schools of a list; raises DirectoryRefused with the line and the remedy at the first row that is wrong."""
    seen: dict[str, int] = {}
    schools = []
    for line, row in _rows(file):
        school = _school(file, line, row)
        if school.number in seen:
            raise DirectoryRefused(
                file, line, f"the school number is also on line {seen[school.number]}", remedy="Remove one of the two."
            )
        seen[school.number] = line
        schools.append(school)
    if not schools:
        raise DirectoryRefused(file, None, "the list has no schools", remedy=_ASK)
    return tuple(schools)


def write_schools(schools: tuple[School, ...]) -> bytes:
    """The same schools as the packaged list has them: UTF-8, six columns, one line a school, by number."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for school in sorted(schools, key=lambda school: school.number):
        writer.writerow(
            (
                school.number,
                school.name,
                school.authority_code,
                school.sector,
                school.language_medium,
                school.postcode,
            )
        )
    return written.getvalue().encode()


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row that is not blank, by heading, with the line on which it ends."""
    reader = csv.reader(io.StringIO(_text(file), newline=""), strict=True)
    places: dict[str, int] | None = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if places is None:
                places = _places(file, reader.line_num, row)
            elif len(row) <= max(places.values()):
                raise DirectoryRefused(file, reader.line_num, "the row has fewer cells than the headings", remedy=_ASK)
            else:
                yield reader.line_num, {heading: row[place].strip() for heading, place in places.items()}
    except csv.Error as error:
        raise DirectoryRefused(file, reader.line_num, "the line is not CSV", remedy=_ASK) from error


def _places(file: Path, line: int, headings: list[str]) -> dict[str, int]:
    found = {heading.strip().casefold(): place for place, heading in enumerate(headings)}
    missing = [heading for heading in COLUMNS if heading.casefold() not in found]
    if missing:
        raise DirectoryRefused(
            file,
            line,
            f"the headings lack {', '.join(missing)}",
            remedy="The first line holds the headings of the official list, in any order; further columns may stay.",
        )
    return {heading: found[heading.casefold()] for heading in COLUMNS}


def _text(file: Path) -> str:
    """The file's text: UTF-8, or Windows-1252 as spreadsheets still write it."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DirectoryRefused(
            file, None, f"the file can't be read ({error.strerror})", remedy="Name a file that exists and is readable."
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DirectoryRefused(
            file, line, "the text is neither UTF-8 nor Windows-1252", remedy="Save it as CSV UTF-8."
        ) from error


def _school(file: Path, line: int, row: dict[str, str]) -> School:
    number, name, authority_code = row["School Number"], row["School Name"], row["LA Code"]
    for broken, rule in (
        (
            not _NUMBER.fullmatch(number),
            "School Number is not seven digits beginning with a Welsh authority's 660 to 681",
        ),
        (number[:3] != authority_code, "LA Code is not the first three digits of School Number"),
        (not 0 < len(name) <= 200 or not name.isprintable(), "School Name is empty, too long or not printable"),
        (not 0 < len(row["Sector"]) <= 40 or not row["Sector"].isprintable(), "Sector is empty or too long"),
        (not _CODE.fullmatch(row["WM Code"]), "WM Code is not a code of letters and digits (NA where none applies)"),
        (not _POSTCODE.fullmatch(row["Postcode"]), "Postcode does not have the form of a postcode"),
    ):
        if broken:
            raise DirectoryRefused(file, line, rule, remedy=f"Correct the row, or take it out. {_ASK}")
    return School(number, name, authority_code, row["Sector"], row["WM Code"], row["Postcode"])
