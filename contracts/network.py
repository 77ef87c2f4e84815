"""Which organisations and which authorities' schools take part in one running hub, as a network file lists them."""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError

from contracts.base import Contract
from contracts.directory import Directory, Organisation
from contracts.errors import NetworkRefused
from contracts.kinds import Kind
from contracts.lists import OneTo
from contracts.parties import SCHOOLS, AgencyId, agency_uri, school_uri
from contracts.text import Line
from contracts.toml_lines import line_of


class ListedOrganisation(Contract):
    """An organisation that no official list has, for example of the third sector."""

    id: AgencyId
    kind: Literal["third-sector", "probation", "health"]
    name_en: Line
    name_cy: Line


class NetworkFile(Contract):
    """The form of a network file."""

    name_en: Line
    name_cy: Line
    lanes: Annotated[int, Field(ge=1, le=64)] = 6
    """Partitions of every topic, and so the most workers that can share the work."""
    agencies: Annotated[tuple[AgencyId, ...], OneTo(200)]
    """Ids of the directory."""
    schools_of: Annotated[tuple[AgencyId, ...], Field(max_length=22)] = ()
    """Authorities, by the slug that begins their agencies' ids, whose schools take part."""
    organisation: Annotated[tuple[ListedOrganisation, ...], Field(max_length=100)] = ()


@dataclass(frozen=True)
class Network:
    """The agencies and schools that take part."""

    name_en: str
    name_cy: str
    lanes: int
    agencies: tuple[str, ...]
    """Ids in the file's order, then its own organisations, then `schools` if any school takes part."""
    organisations: Mapping[str, Organisation]
    """The same agencies with their names and kinds."""
    parties: frozenset[str]
    """The URI of each agency and each school."""
    version: str
    """First 16 hexadecimal digits of the SHA-256 over the file's bytes."""

    @classmethod
    def load(cls, path: Path, directory: Directory) -> Self:
        """Read a network file; raises NetworkRefused with the line, the rule and the remedy."""
        content = _read(path)
        listed = _parse(path, content)
        _check(path, content, listed, directory)
        own = tuple(Organisation(o.id, Kind(o.kind), o.name_en, o.name_cy) for o in listed.organisation)
        schools = _schools(listed, directory)
        taking_part = [directory.organisations[agency] for agency in listed.agencies]
        taking_part += [*own, *([directory.organisations[SCHOOLS]] if schools else [])]
        organisations = {organisation.id: organisation for organisation in taking_part}
        return cls(
            name_en=listed.name_en,
            name_cy=listed.name_cy,
            lanes=listed.lanes,
            agencies=tuple(organisations),
            organisations=organisations,
            parties=frozenset({agency_uri(agency) for agency in organisations if agency != SCHOOLS} | schools),
            version=hashlib.sha256(content.encode()).hexdigest()[:16],
        )

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """The kind of each party, as a plain string: an enumeration's hash is slow."""
        agencies = {agency_uri(agency): str(found.kind.value) for agency, found in self.organisations.items()}
        return {party: agencies.get(party, SCHOOLS) for party in self.parties}

    def takes_part(self, party: str) -> bool:
        """Whether a party can be told through this hub."""
        return party in self.parties

    def kind_of(self, agency: str) -> Kind | None:
        """What kind of organisation an agency of this network is."""
        organisation = self.organisations.get(agency)
        return organisation.kind if organisation else None


def _schools(listed: NetworkFile, directory: Directory) -> set[str]:
    codes = {area.school_code for area in directory.areas if area.authority in listed.schools_of}
    return {school_uri(number) for number, school in directory.schools.items() if school.authority_code in codes}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise NetworkRefused(
            path,
            None,
            f"the network file can't be read ({error.strerror})",
            remedy="Name one, for example deploy/networks/cardiff-and-vale.toml.",
        ) from error
    except UnicodeDecodeError as error:
        raise NetworkRefused(path, None, "the network file is not UTF-8", remedy="Save it as UTF-8.") from error


def _parse(path: Path, content: str) -> NetworkFile:
    try:
        document = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else content.count("\n") + 1
        raise NetworkRefused(path, line, "the line is not TOML", remedy="See https://toml.io/en/v1.0.0.") from error
    try:
        return NetworkFile.model_validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise NetworkRefused(
            path,
            line_of(content, first["loc"]),
            f"{name}: {first['msg']}",
            remedy="A network file has name_en, name_cy, lanes, agencies, schools_of and [[organisation]] tables "
            "with id, kind, name_en and name_cy.",
        ) from error


def _check(path: Path, content: str, listed: NetworkFile, directory: Directory) -> None:
    authorities = {area.authority for area in directory.areas}
    show = "`dolen directory show` prints what there is."
    seen: set[str] = set()
    for place, agency in enumerate(listed.agencies):
        line = line_of(content, ("agencies", place))
        if agency not in directory.organisations or agency == SCHOOLS:
            raise NetworkRefused(path, line, f'the directory has no agency "{agency}"', remedy=show)
        _once(path, line, agency, seen)
    seen = {*directory.organisations, "hub"}
    for place, organisation in enumerate(listed.organisation):
        _once(path, line_of(content, ("organisation", place, "id")), organisation.id, seen)
    seen = set()
    for place, authority in enumerate(listed.schools_of):
        line = line_of(content, ("schools_of", place))
        if authority not in authorities:
            raise NetworkRefused(path, line, f'the directory has no authority "{authority}"', remedy=show)
        _once(path, line, authority, seen)


def _once(path: Path, line: int | None, name: str, seen: set[str]) -> None:
    if name in seen:
        raise NetworkRefused(path, line, f'"{name}" is there already', remedy="Take one of the two out.")
    seen.add(name)
