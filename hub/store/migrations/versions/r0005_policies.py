"""Which versions of the policy decided what: counted of what the tables hold; making them anew counts all of it."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Count what is there."""
    op.execute(
        "CREATE TABLE policies (version TEXT NOT NULL, first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, "
        "events BIGINT NOT NULL, told BIGINT NOT NULL, not_told BIGINT NOT NULL, PRIMARY KEY (version))"
    )
    op.execute(
        "INSERT INTO policies SELECT policy, min(at_ms), max(at_ms), count(*), sum(told), sum(not_told) "
        "FROM records GROUP BY policy"
    )


def downgrade() -> None:
    """The topics can give it back."""
    op.execute("DROP TABLE policies")
