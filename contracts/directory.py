"""Who there is in Wales and how they belong together: authority to police, health board, education desk, schools."""

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Self

from contracts.kinds import Kind
from contracts.parties import SCHOOLS, agency_of, school_of
from contracts.school_list import School, read_schools

DATA = Path(__file__).parent / "data"

PROBATION = "wales-probation"


@dataclass(frozen=True, slots=True)
class Organisation:
    """One agency that can send and be told."""

    id: str
    kind: Kind
    name_en: str
    name_cy: str
    code: str = ""
    """Official code: GSS for authorities and forces, ODS for health bodies; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Board:
    """A regional safeguarding board."""

    slug: str
    name_en: str
    name_cy: str


@dataclass(frozen=True, slots=True)
class Area:
    """One authority's area: who is responsible there."""

    authority: str
    """The authority's slug, for example `cardiff`."""
    school_code: str
    """First three digits of the numbers of its schools."""
    police: str
    health_board: str
    board: str
    """Slug of the safeguarding board."""

    @property
    def social_services(self) -> str:
        """Agency id of the authority's social services."""
        return f"{self.authority}-social-services"

    @property
    def education(self) -> str:
        """Agency id of the authority's education desk."""
        return f"{self.authority}-education"


@dataclass(frozen=True)
class Directory:
    """All organisations and schools, and the relations between them. Look-ups give None for what is not there."""

    version: str
    """First 16 hexadecimal digits of the SHA-256 over the lists' bytes."""
    organisations: Mapping[str, Organisation]
    schools: Mapping[str, School]
    boards: Mapping[str, Board]
    areas: tuple[Area, ...]
    _by_social_services: dict[str, Area] = field(init=False, repr=False, compare=False)
    _by_school_code: dict[str, Area] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_social_services", {area.social_services: area for area in self.areas})
        object.__setattr__(self, "_by_school_code", {area.school_code: area for area in self.areas})

    @classmethod
    def packaged(cls) -> "Directory":
        """The directory that comes with the package; read once."""
        return _packaged()

    @classmethod
    def of(cls, schools_csv: Path | None) -> "Directory":
        """With the schools of an official list where one is named, else as packaged; raises DirectoryRefused."""
        return cls.load(schools_csv=schools_csv) if schools_csv else cls.packaged()

    @classmethod
    def load(cls, *, schools_csv: Path | None = None) -> Self:
        """The packaged organisations, with the schools of an official list; raises DirectoryRefused."""
        schools_csv = schools_csv or DATA / "schools.csv"
        schools = read_schools(schools_csv)
        areas = tuple(_areas())
        return cls(
            version=_version(schools_csv),
            organisations={organisation.id: organisation for organisation in _organisations()},
            schools={school.number: school for school in schools},
            boards={row["slug"]: Board(row["slug"], row["name_en"], row["name_cy"]) for row in _boards()},
            areas=areas,
        )

    def police_of(self, agency: str) -> str | None:
        """The police force of the area of a social-services agency."""
        area = self._by_social_services.get(agency)
        return area.police if area else None

    def health_board_of(self, agency: str) -> str | None:
        """The health board of the area of a social-services agency."""
        area = self._by_social_services.get(agency)
        return area.health_board if area else None

    def education_of(self, agency: str) -> str | None:
        """The education desk of the same authority as a social-services agency."""
        area = self._by_social_services.get(agency)
        return area.education if area else None

    def board_of(self, agency: str) -> str | None:
        """The safeguarding board of a social-services agency, by its slug."""
        area = self._by_social_services.get(agency)
        return area.board if area else None

    def social_services_of_school(self, number: str) -> str | None:
        """The social services of the authority that maintains a school."""
        area = self._by_school_code.get(number[:3]) if number in self.schools else None
        return area.social_services if area else None

    def education_of_school(self, number: str) -> str | None:
        """The education desk of the authority that maintains a school."""
        area = self._by_school_code.get(number[:3]) if number in self.schools else None
        return area.education if area else None

    def kind_of(self, agency: str) -> Kind | None:
        """What kind of organisation an agency is."""
        organisation = self.organisations.get(agency)
        return organisation.kind if organisation else None

    def knows(self, party: str) -> bool:
        """Whether a party URI names an organisation or a school that there is."""
        number = school_of(party)
        if number is not None:
            return number in self.schools
        agency = agency_of(party)
        return agency in self.organisations and agency != SCHOOLS


@cache
def _packaged() -> Directory:
    return Directory.load()


def _organisations() -> Iterable[Organisation]:
    for row in _read("local-authorities.csv"):
        slug, name_en, name_cy = row["slug"], row["name_en"], row["name_cy"]
        yield Organisation(
            f"{slug}-social-services",
            Kind.SOCIAL_SERVICES,
            f"{name_en}: Social Services",
            f"{name_cy}: Gwasanaethau Cymdeithasol",
            row["gss_code"],
        )
        yield Organisation(
            f"{slug}-education", Kind.EDUCATION, f"{name_en}: Education", f"{name_cy}: Addysg", row["gss_code"]
        )
    for row in _read("police-forces.csv"):
        yield Organisation(f"{row['slug']}-police", Kind.POLICE, row["name_en"], row["name_cy"], row["gss_code"])
    for row in _read("health-bodies.csv"):
        yield Organisation(_health_body(row), Kind.HEALTH, row["name_en"], row["name_cy"], row["ods_code"])
    yield Organisation(PROBATION, Kind.PROBATION, "Probation Service in Wales", "Gwasanaeth Prawf yng Nghymru")
    yield Organisation(SCHOOLS, Kind.SCHOOLS, "Schools", "Ysgolion")


def _areas() -> Iterable[Area]:
    health_bodies = {row["ods_code"]: _health_body(row) for row in _read("health-bodies.csv")}
    for row in _read("local-authorities.csv"):
        yield Area(
            authority=row["slug"],
            school_code=row["school_la_code"],
            police=f"{row['police_slug']}-police",
            health_board=health_bodies[row["health_board_ods"]],
            board=row["safeguarding_board_slug"],
        )


def _health_body(row: dict[str, str]) -> str:
    return f"{row['slug']}-{'health' if row['kind'] == 'board' else 'trust'}"


def _boards() -> Iterable[dict[str, str]]:
    return _read("safeguarding-boards.csv")


def _read(name: str) -> Iterable[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _version(schools_csv: Path) -> str:
    digest = hashlib.sha256()
    for name in ("local-authorities.csv", "police-forces.csv", "health-bodies.csv", "safeguarding-boards.csv"):
        digest.update((DATA / name).read_bytes())
    digest.update(schools_csv.read_bytes())
    return digest.hexdigest()[:16]
