"""The first tables. A portal of before there were versions has them already, and keeps what it holds."""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE IF NOT EXISTS schools.access_reports (
    seq BIGINT GENERATED ALWAYS AS IDENTITY,
    record BYTEA NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (seq)
);
CREATE INDEX IF NOT EXISTS access_reports_to_send ON schools.access_reports (seq) WHERE sent_at IS NULL;
CREATE TABLE IF NOT EXISTS schools.attempts (
    caller VARCHAR(64) NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (caller)
);
CREATE TABLE IF NOT EXISTS schools.not_ours (
    party VARCHAR(80) NOT NULL,
    child VARCHAR(64) NOT NULL,
    notice VARCHAR(36) NOT NULL,
    person VARCHAR(36) NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (party, child)
);
CREATE TABLE IF NOT EXISTS schools.notices (
    id VARCHAR(36) NOT NULL,
    ref VARCHAR(32) NOT NULL,
    recipient VARCHAR(80) NOT NULL,
    party VARCHAR(80) NOT NULL,
    desk VARCHAR(80) NOT NULL,
    type VARCHAR(120) NOT NULL,
    source VARCHAR(80) NOT NULL,
    origin VARCHAR(36) NOT NULL,
    subject VARCHAR(36) NOT NULL,
    correlation VARCHAR(36) NOT NULL,
    names TEXT[] NOT NULL,
    body BYTEA NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE,
    accepted_at TIMESTAMP WITH TIME ZONE,
    accepted_by VARCHAR(36),
    refused_at TIMESTAMP WITH TIME ZONE,
    desk_at TIMESTAMP WITH TIME ZONE,
    desk_because VARCHAR(40),
    desk_opened_at TIMESTAMP WITH TIME ZONE,
    out_of_hours_at TIMESTAMP WITH TIME ZONE,
    next_step_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    UNIQUE (ref)
);
CREATE INDEX IF NOT EXISTS notices_at_desk ON schools.notices (desk, desk_at DESC) WHERE desk_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS notices_board ON schools.notices (desk, due_at)
    WHERE opened_at IS NULL AND desk_opened_at IS NULL AND refused_at IS NULL;
CREATE INDEX IF NOT EXISTS notices_inbox
    ON schools.notices (party, (opened_at IS NOT NULL), received_at DESC, ref DESC);
CREATE INDEX IF NOT EXISTS notices_next_step ON schools.notices (next_step_at) WHERE next_step_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS schools.people (
    id VARCHAR(36) NOT NULL,
    subject VARCHAR(120) NOT NULL,
    name VARCHAR(100) NOT NULL,
    email VARCHAR(254),
    mobile VARCHAR(20),
    language VARCHAR(2),
    active BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (subject)
);
CREATE TABLE IF NOT EXISTS schools.shut_outs (
    party VARCHAR(80) NOT NULL,
    child VARCHAR(64) NOT NULL,
    role VARCHAR(20) NOT NULL,
    because VARCHAR(40) NOT NULL,
    notice VARCHAR(36) NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (party, child, role)
);
CREATE TABLE IF NOT EXISTS schools.webhooks (
    party VARCHAR(80) NOT NULL,
    url VARCHAR(500) NOT NULL,
    secret VARCHAR(80) NOT NULL,
    old_secret VARCHAR(80),
    old_secret_ends_at TIMESTAMP WITH TIME ZONE,
    whole BOOLEAN NOT NULL,
    owner VARCHAR(254) NOT NULL,
    failing_since TIMESTAMP WITH TIME ZONE,
    disabled_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (party)
);
CREATE TABLE IF NOT EXISTS schools.calls (
    id VARCHAR(36) NOT NULL,
    party VARCHAR(80) NOT NULL,
    notice VARCHAR(36) NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    tries INTEGER DEFAULT 0 NOT NULL,
    next_try_at TIMESTAMP WITH TIME ZONE,
    taken_at TIMESTAMP WITH TIME ZONE,
    answer VARCHAR(40),
    PRIMARY KEY (id),
    FOREIGN KEY(party) REFERENCES schools.webhooks (party) ON DELETE CASCADE,
    FOREIGN KEY(notice) REFERENCES schools.notices (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS calls_of_party ON schools.calls (party, made_at DESC);
CREATE INDEX IF NOT EXISTS calls_to_make ON schools.calls (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS schools.children (
    notice VARCHAR(36) NOT NULL,
    child VARCHAR(64) NOT NULL,
    place INTEGER NOT NULL,
    party VARCHAR(80) NOT NULL,
    PRIMARY KEY (notice, child),
    FOREIGN KEY(notice) REFERENCES schools.notices (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS children_thread ON schools.children (party, child);
CREATE TABLE IF NOT EXISTS schools.pointers (
    id VARCHAR(36) NOT NULL,
    notice VARCHAR(36) NOT NULL,
    why VARCHAR(20) NOT NULL,
    address VARCHAR(254) NOT NULL,
    language VARCHAR(2) NOT NULL,
    tries INTEGER DEFAULT 0 NOT NULL,
    next_try_at TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    bounced_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    FOREIGN KEY(notice) REFERENCES schools.notices (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS pointers_of_notice ON schools.pointers (notice);
CREATE INDEX IF NOT EXISTS pointers_to_send ON schools.pointers (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS schools.rights (
    person VARCHAR(36) NOT NULL,
    party VARCHAR(80) NOT NULL,
    role VARCHAR(20) NOT NULL,
    PRIMARY KEY (person, party, role),
    FOREIGN KEY(person) REFERENCES schools.people (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS rights_of_party ON schools.rights (party, role);
CREATE TABLE IF NOT EXISTS schools.sessions (
    token VARCHAR(64) NOT NULL,
    person VARCHAR(36) NOT NULL,
    csrf VARCHAR(64) NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (token),
    FOREIGN KEY(person) REFERENCES schools.people (id) ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS schools.steps (
    seq BIGINT GENERATED ALWAYS AS IDENTITY,
    id VARCHAR(36) NOT NULL,
    notice VARCHAR(36) NOT NULL,
    agency VARCHAR(64) NOT NULL,
    kind VARCHAR(20) NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    person VARCHAR(36),
    role VARCHAR(20),
    because VARCHAR(40),
    words TEXT,
    language VARCHAR(2),
    taken_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (seq),
    UNIQUE (id),
    FOREIGN KEY(notice) REFERENCES schools.notices (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS steps_of_notice ON schools.steps (notice, seq);
CREATE INDEX IF NOT EXISTS steps_to_take ON schools.steps (agency, seq) WHERE taken_at IS NULL;
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """What schools were told would be gone."""
    raise NotImplementedError("drop the schema `schools` by hand if the portal is to go")
