"""A console with a database of the test's own."""

from tests.console_ground import console, console_world

__all__ = ["console", "console_world"]
