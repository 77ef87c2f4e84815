"""The tables: one row for each record of the hub's own topics, and sums of them; no name and no payload.

Times are milliseconds since 1970, as on the topics. A row's key is where its record stands in Kafka, so the same topics
always make the same rows. `at_ms` is the inbound record's broker time: tables that grow are partitioned by its month.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

_Id = Uuid(as_uuid=False)

_TURNED_AWAY = text("outcome <> 'accepted'")

PARTITIONED = ("records", "decisions", "letters", "accesses")
"""Tables with a partition for each month."""


def _place() -> tuple[Column[int], Column[int], Column[int]]:
    """Where the record stands in the hub's own topic, and the month that keeps it."""
    return (
        Column("lane", SmallInteger, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("at_ms", BigInteger, nullable=False),
    )


def _chain() -> tuple[Column[int], Column[int], Column[bytes], Column[bool]]:
    """Where the record stands in its lane's chain of hashes, and whether it names the one before it."""
    return (
        Column("written_ms", BigInteger, nullable=False),
        Column("number", BigInteger, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        Column("chain_holds", Boolean, nullable=False),
    )


records = Table(
    "records",
    metadata,
    *_place(),
    *_chain(),
    Column("topic", Text, nullable=False),
    Column("record_offset", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("source", Text),
    Column("event_id", _Id),
    Column("type", Text),
    Column("subject", _Id),
    Column("correlation_id", _Id),
    Column("sequence", Integer),
    Column("event_time", Text),
    Column("signer", Text),
    Column("key_id", Text),
    Column("digest", LargeBinary),
    Column("size", Integer, nullable=False),
    Column("faults", JSONB),
    Column("first", Text),
    Column("told", SmallInteger, nullable=False),
    Column("not_told", SmallInteger, nullable=False),
    Column("receipt", _Id),
    Column("receipt_to", Text),
    Column("trace_id", _Id, nullable=False),
    Column("parent", Text),
    Column("span", Text, nullable=False),
    Column("origin", Text),
    Column("worker", Text, nullable=False),
    Column("read_ms", BigInteger, nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
    Column("policy", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("answer_to", _Id),
    Column("answer_kind", Text),
    Column("answer_said_ms", BigInteger),
    Column("answer_reason", Text),
    Column("answer_source", Text),
    Column("answer_event", _Id),
    Column("redrive_of", Text),
    Column("redrive_times", SmallInteger),
    PrimaryKeyConstraint("lane", "position", "at_ms"),
    Index("records_by_time", "at_ms", "lane", "position"),
    Index("records_by_sender", "source", "at_ms"),
    Index("records_by_type", "type", "at_ms"),
    Index("records_by_sender_and_type", "source", "type", "at_ms"),
    Index("records_turned_away", "outcome", "at_ms", postgresql_where=_TURNED_AWAY),
    Index("records_turned_away_by_sender", "source", "outcome", "at_ms", postgresql_where=_TURNED_AWAY),
    Index("records_turned_away_by_type", "type", "outcome", "at_ms", postgresql_where=_TURNED_AWAY),
    Index("records_by_event", "event_id"),
    Index("records_by_trace", "trace_id"),
    Index("records_by_episode", "correlation_id"),
    Index("records_by_subject", "subject"),
    Index("records_by_offset", "record_offset", "lane"),
    Index("records_by_answered", "answer_to", postgresql_where=text("answer_to IS NOT NULL")),
    postgresql_partition_by="RANGE (at_ms)",
)
"""The ledger, one row for each record; `first` is the coordinates of the identity's first event, `redrive_of` those of
the record that the hub sent again."""

decisions = Table(
    "decisions",
    metadata,
    *_place(),
    Column("ordinal", SmallInteger, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("grounds", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("topic", Text),
    Column("delivery", _Id),
    Column("digest", LargeBinary),
    Column("source", Text),
    Column("delivered_ms", BigInteger),
    Column("opened_ms", BigInteger),
    Column("accepted_ms", BigInteger),
    Column("refused_ms", BigInteger),
    Column("refusal", Text),
    PrimaryKeyConstraint("lane", "position", "ordinal", "at_ms"),
    Index("decisions_by_delivery", "delivery", postgresql_where=text("told")),
    Index("decisions_by_recipient", "recipient", "at_ms", postgresql_where=text("told")),
    Index("decisions_by_recipient_and_type", "recipient", "type", "at_ms", postgresql_where=text("told")),
    Index("decisions_by_recipient_and_sender", "recipient", "source", "at_ms", postgresql_where=text("told")),
    Index("decisions_refused", "at_ms", postgresql_where=text("refused_ms IS NOT NULL")),
    Index("decisions_unopened", "recipient", "at_ms", postgresql_where=text("told AND opened_ms IS NULL")),
    postgresql_partition_by="RANGE (at_ms)",
)
"""Each party that was told or was not; the four times are the broker's of the first receipt of each kind.

`type` and `source` are the record's, so that a recipient's rows can be found by them without it.
"""

grounds = Table(
    "grounds",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("relation", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("view", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
"""Why decisions came out as they did: few, and each written once; the id is made from the other columns."""

early_answers = Table(
    "early_answers",
    metadata,
    Column("lane", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("arrived_ms", BigInteger, nullable=False),
    Column("delivery", _Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("signer", Text, nullable=False),
    Column("reason", Text),
    Index("early_answers_by_delivery", "delivery"),
)
"""Answers read before the decision that they answer, which stands in another lane; what stays here answers nothing."""

letters = Table(
    "letters",
    metadata,
    *_place(),
    Column("topic", Text, nullable=False),
    Column("record_offset", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("source", Text),
    Column("event_id", _Id),
    Column("event_type", Text),
    Column("signer", Text),
    Column("key_id", Text),
    Column("faults", JSONB, nullable=False),
    Column("codes", ARRAY(Text), nullable=False),
    Column("first", JSONB),
    PrimaryKeyConstraint("lane", "position", "at_ms"),
    Index("letters_by_time", "at_ms", "lane", "position"),
    Index("letters_by_offset", "record_offset", "lane"),
    Index("letters_by_event", "event_id"),
    Index("letters_by_source", "source", "at_ms"),
    Index("letters_by_signer", "signer", "at_ms"),
    Index("letters_by_code", "codes", postgresql_using="gin"),
    postgresql_partition_by="RANGE (at_ms)",
)
"""Dead letters."""

accesses = Table(
    "accesses",
    metadata,
    *_place(),
    *_chain(),
    Column("signer", Text),
    Column("fault", Text),
    Column("id", _Id),
    Column("said_ms", BigInteger),
    Column("reader", Text),
    Column("role", Text),
    Column("for_party", Text),
    Column("act", Text),
    Column("what", Text),
    Column("about", Text),
    Column("why", Text),
    PrimaryKeyConstraint("lane", "position", "at_ms"),
    Index("accesses_by_time", "at_ms", "lane", "position"),
    Index("accesses_by_id", "id"),
    Index("accesses_by_about", "about", "at_ms"),
    Index("accesses_by_reader", "reader", "at_ms"),
    postgresql_partition_by="RANGE (at_ms)",
)
"""Who looked at what; a row with a `fault` is a report that was not rightly signed, and says nothing else."""

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("adapter", Text, primary_key=True),
    Column("received_ms", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("outbox_waiting", Integer, nullable=False),
    Column("outbox_oldest_ms", BigInteger),
    Column("outbox_refused", Integer, nullable=False),
    Column("inbox_waiting", Integer, nullable=False),
    Column("inbox_oldest_ms", BigInteger),
    Column("parked_children", Integer, nullable=False),
    Column("parked", Integer, nullable=False),
    Column("unreached", Integer, nullable=False, server_default=text("0")),
)
"""The newest heartbeat of each adapter; `received_ms` is the broker's time, `at_ms` the adapter's clock."""

flow = Table(
    "flow",
    metadata,
    Column("minute_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("family", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("events", BigInteger, nullable=False),
    Column("told", BigInteger, nullable=False),
    Column("not_told", BigInteger, nullable=False),
)
"""Events by the minute in which they reached the broker."""

tallies = Table(
    "tallies",
    metadata,
    Column("day_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("recipient", Text, primary_key=True),
    Column("family", Text, primary_key=True),
    Column("told", BigInteger, nullable=False),
    Column("not_told", BigInteger, nullable=False),
    Column("answered", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("accepted_by", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
)
"""Decisions by the day of their event, and how many of those told have answered: at all, and in each way."""

senders = Table(
    "senders",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("family", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("events", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)
"""What each agency has signed, ever; `unproven` is what nobody signed rightly."""

policies = Table(
    "policies",
    metadata,
    Column("version", Text, primary_key=True),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("told", BigInteger, nullable=False),
    Column("not_told", BigInteger, nullable=False),
)
"""By which version of the policy events were decided, ever: the broker times of the first and the last one."""

oddities = Table(
    "oddities",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("lane", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("what", Text, primary_key=True),
    Column("written_ms", BigInteger, nullable=False),
)
"""Records of the hub's own topics that are not as the hub writes them: each is an alarm."""

positions = Table(
    "positions",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("lane", SmallInteger, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("turned_away", BigInteger, nullable=False),
    Column("turned_away_ms", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)
"""How far each partition is read: set in the transaction that writes its rows.

`taken` counts its records, `turned_away` those of the ledger that must have a dead letter; the times are the broker's.
"""

exported = Table(
    "exported",
    metadata,
    Column("lane", SmallInteger, primary_key=True, autoincrement=False),
    Column("next_position", BigInteger, nullable=False),
)
"""How far each lane of the ledger is exported as traces: kept when the other tables are made anew."""

console_sessions = Table(
    "console_sessions",
    metadata,
    Column("token", Text, primary_key=True),
    Column("reader", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
)
"""Who is signed in to the console, by the hash of the cookie's token; of a reader the provider's `sub`, no name."""

console_failures = Table(
    "console_failures",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("since_ms", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
)
"""Sign-ins that failed, by the hash of the address that they came from."""

console_reports = Table(
    "console_reports",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("report", LargeBinary, nullable=False),
)
"""Access reports of the console that Kafka doesn't have yet, in the order in which they were made."""

redrives = Table(
    "redrives",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("asked_ms", BigInteger, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_why", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_ms", BigInteger),
    Column("decided_by", Text),
    Column("decided_why", Text),
    Index("redrives_by_time", "asked_ms"),
)
"""What operators asked to be sent on, and who agreed: no topic can give it back, so it is kept too."""

redrive_letters = Table(
    "redrive_letters",
    metadata,
    Column("redrive", _Id, ForeignKey("redrives.id"), primary_key=True),
    Column("ordinal", SmallInteger, primary_key=True, autoincrement=False),
    Column("topic", Text, nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("record_offset", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("why_not", Text),
    Column("times", SmallInteger),
    Column("sent_offset", BigInteger),
    Column("sent_ms", BigInteger),
    Index(
        "redrive_letters_taken",
        "topic",
        "lane",
        "record_offset",
        unique=True,
        postgresql_where=text("state IN ('waiting', 'sent')"),
    ),
)
"""The letters of each, in the order in which they go; one that waits or was sent is in no other."""

set_asides = Table(
    "set_asides",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("lane", SmallInteger, primary_key=True, autoincrement=False),
    Column("record_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("why", Text, nullable=False),
)
"""Letters that are not sent on: a person said so, or the loop guard did."""

OWN = (exported, redrives, redrive_letters, set_asides, console_sessions, console_failures, console_reports)
"""What no topic can give back: kept when the other tables are made anew."""
