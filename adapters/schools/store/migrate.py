"""Brings the portal's tables to the version that this program knows; of several that start at once, one does it."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from adapters.schools.store.tables import SCHEMA
from adapters.sdk.errors import StoreRefused

_LOCK = 0x5C4001


def migrate(connection: Connection) -> None:
    """Migrate within the connection's transaction; raises StoreRefused where a newer program has been here."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    config = _config(connection)
    scripts = ScriptDirectory.from_config(config)
    found = version(connection)
    if found == scripts.get_current_head():
        return
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreRefused(
            f"the portal's tables are at version {found}, which is newer than this program: run the one that made them"
        )
    command.upgrade(config, "head")


def version(connection: Connection) -> str | None:
    """The version of the tables; None where there are none, or from before there were versions."""
    return MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA}).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "adapters.schools.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
