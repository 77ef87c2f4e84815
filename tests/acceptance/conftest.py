"""A rig for each test: a hub of its own on the session's servers."""

from tests.rig import rig

__all__ = ["rig"]
