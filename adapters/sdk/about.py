"""Reads what an adapter says of itself without importing it: `about.toml` in its folder."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import adapters
from adapters import ADAPTERS
from contracts.kinds import Kind
from contracts.topics import Family

FOLDER = Path(adapters.__path__[0])
"""Where the adapters' folders are, and their list."""


@dataclass(frozen=True, slots=True)
class About:
    """What an adapter is; its `Declaration` says it too, and the conformance suite holds the two to be the same."""

    name: str
    """Its folder's name."""
    owner: str
    """The team that keeps it."""
    title_en: str
    title_cy: str
    kinds: frozenset[Kind]
    """Kinds of organisation that it is made for."""
    publishes: frozenset[Family]
    subscribes: frozenset[Family]


def about_all() -> list[About]:
    """Of all adapters, by name."""
    return [about(FOLDER / name) for name in ADAPTERS]


def about(folder: Path) -> About:
    """Of the adapter in a folder."""
    said = tomllib.loads((folder / "about.toml").read_text(encoding="utf-8"))
    return About(
        name=folder.name,
        owner=said["owner"],
        title_en=said["title_en"],
        title_cy=said["title_cy"],
        kinds=frozenset(map(Kind, said["kinds"])),
        publishes=frozenset(map(Family, said["publishes"])),
        subscribes=frozenset(map(Family, said["subscribes"])),
    )
