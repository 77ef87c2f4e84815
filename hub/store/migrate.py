"""Brings the tables to the version that this program knows; of several that start at once, one does it."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from hub.errors import StartRefused


def migrate(connection: Connection) -> None:
    """Migrate within the connection's transaction; raises `StartRefused` where a newer program has been here."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))  # a migration, or waiting for another's, may take long
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('dolen.migrate ' || current_schema()))"))
    config = _config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = version(connection)
    if found is not None and found not in known:
        raise StartRefused(
            f"the database is at version {found}, which is newer than this program: run the program that made it"
        )
    command.upgrade(config, "head")


def version(connection: Connection) -> str | None:
    """The version of the tables; None where there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def newest(connection: Connection) -> str | None:
    """The version that this program makes."""
    return ScriptDirectory.from_config(_config(connection)).get_current_head()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "hub.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
