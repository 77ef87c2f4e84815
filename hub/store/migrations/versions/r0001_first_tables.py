"""The first tables: ledger, decisions, letters, access records, heartbeats, sums, and how far topics are read."""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE records (
    lane SMALLINT NOT NULL,
    position BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    written_ms BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    chain_holds BOOLEAN NOT NULL,
    topic TEXT NOT NULL,
    record_offset BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    source TEXT,
    event_id UUID,
    type TEXT,
    subject UUID,
    correlation_id UUID,
    sequence INTEGER,
    event_time TEXT,
    signer TEXT,
    key_id TEXT,
    digest BYTEA,
    size INTEGER NOT NULL,
    faults JSONB,
    first TEXT,
    told SMALLINT NOT NULL,
    not_told SMALLINT NOT NULL,
    receipt UUID,
    receipt_to TEXT,
    trace_id UUID NOT NULL,
    parent TEXT,
    span TEXT NOT NULL,
    origin TEXT,
    worker TEXT NOT NULL,
    read_ms BIGINT NOT NULL,
    decided_ms BIGINT NOT NULL,
    policy TEXT NOT NULL,
    directory TEXT NOT NULL,
    network TEXT NOT NULL,
    answer_to UUID,
    answer_kind TEXT,
    answer_said_ms BIGINT,
    answer_reason TEXT,
    answer_source TEXT,
    answer_event UUID,
    PRIMARY KEY (lane, position, at_ms)
) PARTITION BY RANGE (at_ms);
CREATE INDEX records_by_answered ON records (answer_to) WHERE answer_to IS NOT NULL;
CREATE INDEX records_by_episode ON records (correlation_id);
CREATE INDEX records_by_event ON records (event_id);
CREATE INDEX records_by_offset ON records (record_offset, lane);
CREATE INDEX records_by_sender ON records (source, at_ms);
CREATE INDEX records_by_sender_and_type ON records (source, type, at_ms);
CREATE INDEX records_by_subject ON records (subject);
CREATE INDEX records_by_time ON records (at_ms, lane, position);
CREATE INDEX records_by_trace ON records (trace_id);
CREATE INDEX records_by_type ON records (type, at_ms);
CREATE INDEX records_turned_away ON records (outcome, at_ms) WHERE outcome <> 'accepted';
CREATE INDEX records_turned_away_by_sender ON records (source, outcome, at_ms) WHERE outcome <> 'accepted';
CREATE INDEX records_turned_away_by_type ON records (type, outcome, at_ms) WHERE outcome <> 'accepted';

CREATE TABLE decisions (
    lane SMALLINT NOT NULL,
    position BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    ordinal SMALLINT NOT NULL,
    recipient TEXT NOT NULL,
    told BOOLEAN NOT NULL,
    grounds BIGINT NOT NULL,
    type TEXT NOT NULL,
    topic TEXT,
    delivery UUID,
    digest BYTEA,
    delivered_ms BIGINT,
    opened_ms BIGINT,
    accepted_ms BIGINT,
    refused_ms BIGINT,
    refusal TEXT,
    PRIMARY KEY (lane, position, ordinal, at_ms)
) PARTITION BY RANGE (at_ms);
CREATE INDEX decisions_by_delivery ON decisions (delivery) WHERE told;
CREATE INDEX decisions_by_recipient ON decisions (recipient, at_ms) WHERE told;
CREATE INDEX decisions_by_recipient_and_type ON decisions (recipient, type, at_ms) WHERE told;
CREATE INDEX decisions_refused ON decisions (at_ms) WHERE refused_ms IS NOT NULL;
CREATE INDEX decisions_unopened ON decisions (at_ms) WHERE told AND opened_ms IS NULL;

CREATE TABLE grounds (
    id BIGINT NOT NULL,
    relation TEXT NOT NULL,
    rule TEXT NOT NULL,
    basis TEXT NOT NULL,
    agreement TEXT NOT NULL,
    view TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE early_answers (
    lane SMALLINT NOT NULL,
    position BIGINT NOT NULL,
    arrived_ms BIGINT NOT NULL,
    delivery UUID NOT NULL,
    kind TEXT NOT NULL,
    signer TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (lane, position)
);
CREATE INDEX early_answers_by_delivery ON early_answers (delivery);

CREATE TABLE letters (
    lane SMALLINT NOT NULL,
    position BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    topic TEXT NOT NULL,
    record_offset BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    source TEXT,
    event_id UUID,
    event_type TEXT,
    signer TEXT,
    key_id TEXT,
    faults JSONB NOT NULL,
    codes TEXT[] NOT NULL,
    first JSONB,
    PRIMARY KEY (lane, position, at_ms)
) PARTITION BY RANGE (at_ms);
CREATE INDEX letters_by_code ON letters USING gin (codes);
CREATE INDEX letters_by_event ON letters (event_id);
CREATE INDEX letters_by_offset ON letters (record_offset, lane);
CREATE INDEX letters_by_signer ON letters (signer, at_ms);
CREATE INDEX letters_by_source ON letters (source, at_ms);
CREATE INDEX letters_by_time ON letters (at_ms, lane, position);

CREATE TABLE accesses (
    lane SMALLINT NOT NULL,
    position BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    written_ms BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    chain_holds BOOLEAN NOT NULL,
    signer TEXT,
    fault TEXT,
    id UUID,
    said_ms BIGINT,
    reader TEXT,
    role TEXT,
    for_party TEXT,
    act TEXT,
    what TEXT,
    about TEXT,
    why TEXT,
    PRIMARY KEY (lane, position, at_ms)
) PARTITION BY RANGE (at_ms);
CREATE INDEX accesses_by_about ON accesses (about, at_ms);
CREATE INDEX accesses_by_id ON accesses (id);
CREATE INDEX accesses_by_reader ON accesses (reader, at_ms);
CREATE INDEX accesses_by_time ON accesses (at_ms, lane, position);

CREATE TABLE heartbeats (
    agency TEXT NOT NULL,
    adapter TEXT NOT NULL,
    received_ms BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    started_ms BIGINT NOT NULL,
    outbox_waiting INTEGER NOT NULL,
    outbox_oldest_ms BIGINT,
    outbox_refused INTEGER NOT NULL,
    inbox_waiting INTEGER NOT NULL,
    inbox_oldest_ms BIGINT,
    parked_children INTEGER NOT NULL,
    parked INTEGER NOT NULL,
    PRIMARY KEY (agency, adapter)
);

CREATE TABLE flow (
    minute_ms BIGINT NOT NULL,
    family TEXT NOT NULL,
    outcome TEXT NOT NULL,
    events BIGINT NOT NULL,
    told BIGINT NOT NULL,
    not_told BIGINT NOT NULL,
    PRIMARY KEY (minute_ms, family, outcome)
);

CREATE TABLE tallies (
    day_ms BIGINT NOT NULL,
    recipient TEXT NOT NULL,
    family TEXT NOT NULL,
    told BIGINT NOT NULL,
    not_told BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    accepted_by BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (day_ms, recipient, family)
);

CREATE TABLE senders (
    agency TEXT NOT NULL,
    family TEXT NOT NULL,
    outcome TEXT NOT NULL,
    events BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    PRIMARY KEY (agency, family, outcome)
);

CREATE TABLE oddities (
    topic TEXT NOT NULL,
    lane SMALLINT NOT NULL,
    position BIGINT NOT NULL,
    what TEXT NOT NULL,
    written_ms BIGINT NOT NULL,
    PRIMARY KEY (topic, lane, position, what)
);

CREATE TABLE positions (
    topic TEXT NOT NULL,
    lane SMALLINT NOT NULL,
    next_offset BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    turned_away BIGINT NOT NULL,
    turned_away_ms BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    last_ms BIGINT NOT NULL,
    PRIMARY KEY (topic, lane)
);
"""


def upgrade() -> None:
    """Make them; their partitions are made as the months come (hub/store/months.py)."""
    for statement in _TABLES.split(";"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """There is no way back to a database without tables but to drop it: it is made again from the topics."""
    raise NotImplementedError("drop the schema and run `dolen projector rebuild`")
