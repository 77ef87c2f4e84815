"""For each test that asks: a hub of its own on the session's servers, and a database of its own."""

from tests.database import database_settings, database_url, engine
from tests.rig import rig

__all__ = ["database_settings", "database_url", "engine", "rig"]
