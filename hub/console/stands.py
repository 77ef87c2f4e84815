"""How dead letters stand, as pages ask it: by the id that a page has for each."""

from collections.abc import Sequence

from sqlalchemy import Connection

from hub.dead_letter import DeadLetter
from hub.store.redrives import LetterStanding, standings


def stands_of(connection: Connection, letters: Sequence[DeadLetter]) -> dict[str, LetterStanding]:
    """How each letter stands, by its id."""
    return {str(at): standing for at, standing in standings(connection, letters).items()}
