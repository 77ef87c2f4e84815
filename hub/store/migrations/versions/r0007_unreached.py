"""How many systems and contacts an adapter says are told no more."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Until the next heartbeat, none."""
    op.execute("ALTER TABLE heartbeats ADD COLUMN unreached INTEGER DEFAULT 0 NOT NULL")


def downgrade() -> None:
    """The next heartbeat says it again."""
    op.execute("ALTER TABLE heartbeats DROP COLUMN unreached")
