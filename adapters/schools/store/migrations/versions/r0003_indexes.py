"""Finding what nobody has opened, and whether a contact was reached, without reading all that was ever kept."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the indexes."""
    op.execute(
        "CREATE INDEX notices_unopened ON schools.notices (party, due_at, ref) "
        "WHERE opened_at IS NULL AND refused_at IS NULL"
    )
    op.execute(
        "CREATE INDEX pointers_out_of_hours ON schools.pointers (address, made_at DESC) "
        "WHERE why = 'out-of-hours'::text"
    )


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP INDEX schools.notices_unopened")
    op.execute("DROP INDEX schools.pointers_out_of_hours")
