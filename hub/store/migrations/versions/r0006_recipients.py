"""A recipient's notifications are found by their sender too, and those unopened at once, by its own rows alone."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Write each decision's sender beside it: ten million take minutes, and the projector waits for them."""
    op.execute("ALTER TABLE decisions ADD COLUMN source TEXT")
    op.execute("DROP INDEX decisions_unopened")
    op.execute(
        "UPDATE decisions SET source = records.source FROM records WHERE records.lane = decisions.lane "
        "AND records.position = decisions.position AND records.at_ms = decisions.at_ms"
    )
    op.execute("CREATE INDEX decisions_by_recipient_and_sender ON decisions (recipient, source, at_ms) WHERE told")
    op.execute("CREATE INDEX decisions_unopened ON decisions (recipient, at_ms) WHERE told AND opened_ms IS NULL")


def downgrade() -> None:
    """As before."""
    op.execute("DROP INDEX decisions_unopened")
    op.execute("DROP INDEX decisions_by_recipient_and_sender")
    op.execute("ALTER TABLE decisions DROP COLUMN source")
    op.execute("CREATE INDEX decisions_unopened ON decisions (at_ms) WHERE told AND opened_ms IS NULL")
