"""The console's own tables: who is signed in, whose sign-in failed, and access reports on their way to Kafka."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nobody is signed in yet."""
    op.execute(
        "CREATE TABLE console_sessions (token TEXT NOT NULL, reader TEXT NOT NULL, roles TEXT[] NOT NULL, "
        "csrf TEXT NOT NULL, started_ms BIGINT NOT NULL, seen_ms BIGINT NOT NULL, PRIMARY KEY (token))"
    )
    op.execute(
        "CREATE TABLE console_failures (caller TEXT NOT NULL, since_ms BIGINT NOT NULL, count INTEGER NOT NULL, "
        "PRIMARY KEY (caller))"
    )
    op.execute(
        "CREATE TABLE console_reports (number BIGINT GENERATED ALWAYS AS IDENTITY, report BYTEA NOT NULL, "
        "PRIMARY KEY (number))"
    )


def downgrade() -> None:
    """Forget them; what is in `console_reports` is lost: stop the console first, and see that it is empty."""
    for table in ("console_sessions", "console_failures", "console_reports"):
        op.execute(f"DROP TABLE {table}")
