"""How far the ledger is exported as traces."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Nothing is exported yet."""
    op.execute("CREATE TABLE exported (lane SMALLINT NOT NULL, next_position BIGINT NOT NULL, PRIMARY KEY (lane))")


def downgrade() -> None:
    """Forget it: everything is exported again, with the same ids."""
    op.execute("DROP TABLE exported")
