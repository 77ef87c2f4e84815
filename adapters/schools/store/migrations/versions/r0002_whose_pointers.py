"""Whom a pointer was meant for, and when it was made, so that an education desk sees who was told."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Of those sent before, only the address is known."""
    op.execute("ALTER TABLE schools.pointers ADD COLUMN person VARCHAR(36), ADD COLUMN made_at TIMESTAMPTZ")


def downgrade() -> None:
    """Forget it."""
    op.execute("ALTER TABLE schools.pointers DROP COLUMN person, DROP COLUMN made_at")
