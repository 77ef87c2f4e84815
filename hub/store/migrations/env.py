"""Run by Alembic: migrates over the connection that hub/store/migrate.py gives it, in that connection's transaction."""

from alembic import context

from hub.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
