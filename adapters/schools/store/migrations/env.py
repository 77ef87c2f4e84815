"""Run by Alembic: migrates over the connection that store/migrate.py gives it, in that connection's transaction."""

from alembic import context

from adapters.schools.store.tables import SCHEMA, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
