"""An event that somebody is about to send: its type, its sender, the child it is about, and what it says."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from contracts.base import Contract
from contracts.envelope import Event
from contracts.people import Child, RecordPointer
from hub.simulate.episode import Episode

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """All of an event but its id, number and time of sending."""

    model: type[Event]
    source: str
    """Party that sends it."""
    subject: str
    """The sender's reference of the child."""
    data: Contract
    stage: str = ""
    """Under which name the episode remembers its id; empty: nothing points to it."""


def case(episode: Episode) -> dict[str, Any]:
    """What social services say in every event of a case: whose it is, who takes part, who must not be told."""
    said: dict[str, Any] = {
        "responsible_authority": episode.authority,
        "participants": episode.participants,
        "contact": episode.contact,
    }
    return said | ({"conflicts_of_interest": episode.conflicts} if episode.conflicts else {})


def children(episode: Episode, source: str, numbers: Iterable[int] | None = None) -> list[Child]:
    """Children under the references of a sender; all of the episode if no numbers are given."""
    return [episode.child(number, source) for number in (episode.everyone if numbers is None else numbers)]


def record(episode: Episode) -> RecordPointer:
    """Where minutes are kept."""
    return RecordPointer(
        held_by=episode.authority,
        record=f"CP-{episode.rng.randrange(10**7):07}",
        language=episode.rng.choice(("cy", "en", "cy-and-en")),
    )


def working_days(start: datetime | date, count: int) -> date:
    """The day that is `count` working days on; bank holidays are left to the deadlines' own calendar."""
    day = start.date() if isinstance(start, datetime) else start
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < SATURDAY
    return day
