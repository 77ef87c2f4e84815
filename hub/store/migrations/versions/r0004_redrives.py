"""What operators did about dead letters, and which records are re-drives."""

from alembic import op

revision = "0004"
down_revision = "0003"

_TABLES = """
CREATE TABLE redrives (
    id UUID NOT NULL,
    asked_ms BIGINT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_why TEXT NOT NULL,
    state TEXT NOT NULL,
    decided_ms BIGINT,
    decided_by TEXT,
    decided_why TEXT,
    PRIMARY KEY (id)
);
CREATE INDEX redrives_by_time ON redrives (asked_ms);
CREATE TABLE redrive_letters (
    redrive UUID NOT NULL,
    ordinal SMALLINT NOT NULL,
    topic TEXT NOT NULL,
    lane SMALLINT NOT NULL,
    record_offset BIGINT NOT NULL,
    state TEXT NOT NULL,
    why_not TEXT,
    times SMALLINT,
    sent_offset BIGINT,
    sent_ms BIGINT,
    PRIMARY KEY (redrive, ordinal),
    FOREIGN KEY(redrive) REFERENCES redrives (id)
);
CREATE UNIQUE INDEX redrive_letters_taken ON redrive_letters (topic, lane, record_offset)
    WHERE state IN ('waiting', 'sent');
CREATE TABLE set_asides (
    topic TEXT NOT NULL,
    lane SMALLINT NOT NULL,
    record_offset BIGINT NOT NULL,
    state TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    set_by TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (topic, lane, record_offset)
);
ALTER TABLE records ADD COLUMN redrive_of TEXT, ADD COLUMN redrive_times SMALLINT;
"""


def upgrade() -> None:
    """No re-drive was before."""
    op.execute(_TABLES)


def downgrade() -> None:
    """Forget who asked for what: the acts themselves stay in the access log."""
    op.execute("DROP TABLE redrive_letters, redrives, set_asides")
    op.execute("ALTER TABLE records DROP COLUMN redrive_of, DROP COLUMN redrive_times")
