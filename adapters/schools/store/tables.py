"""The portal's tables, in a schema of their own: what each school was sent, who may see it, and what was done."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

SCHEMA = "schools"

metadata = MetaData(schema=SCHEMA)

_UUID = String(36)
_PARTY = String(80)


def _moment(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


notices = Table(
    "notices",
    metadata,
    Column("id", _UUID, primary_key=True),  # the notification's own: its sender can work it out
    Column("ref", String(32), nullable=False, unique=True),  # random: the only name by which a page knows a notice
    Column("recipient", _PARTY, nullable=False),  # whom the hub told, and who answers it
    Column("party", _PARTY, nullable=False),  # who sees it: the recipient, or the school that took its place since
    Column("desk", _PARTY, nullable=False),  # the education desk that answers for the party; empty: nobody knows
    Column("type", String(120), nullable=False),
    Column("source", _PARTY, nullable=False),
    Column("origin", _UUID, nullable=False),
    Column("subject", _UUID, nullable=False),
    Column("correlation", _UUID, nullable=False),
    Column("names", ARRAY(Text), nullable=False),  # of the children, for the list
    Column("body", LargeBinary, nullable=False),  # the notification's JSON
    _moment("happened_at", nullable=False),
    _moment("received_at", nullable=False),
    _moment("due_at", nullable=False),
    _moment("opened_at"),
    _moment("accepted_at"),
    Column("accepted_by", _UUID),
    _moment("refused_at"),
    _moment("desk_at"),  # since when the education desk has it too
    Column("desk_because", String(40)),
    _moment("desk_opened_at"),
    _moment("out_of_hours_at"),
    _moment("next_step_at"),  # when somebody else is to be told; none: somebody has it
    Index("notices_inbox", "party", text("(opened_at IS NOT NULL)"), text("received_at DESC"), text("ref DESC")),
    Index(
        "notices_unopened",
        "party",
        "due_at",
        "ref",
        postgresql_where=text("opened_at IS NULL AND refused_at IS NULL"),
    ),
    Index("notices_next_step", "next_step_at", postgresql_where=text("next_step_at IS NOT NULL")),
    Index(
        "notices_board",
        "desk",
        "due_at",
        postgresql_where=text("opened_at IS NULL AND desk_opened_at IS NULL AND refused_at IS NULL"),
    ),
    Index("notices_at_desk", "desk", text("desk_at DESC"), postgresql_where=text("desk_at IS NOT NULL")),
)

children = Table(
    "children",
    metadata,
    Column("notice", _UUID, ForeignKey(notices.c.id, ondelete="CASCADE"), primary_key=True),
    Column("child", String(64), primary_key=True),  # one of the hashes by which a child is known again
    Column("place", Integer, nullable=False),  # which child of the notification, from 0
    Column("party", _PARTY, nullable=False),
    Index("children_thread", "party", "child"),
)

not_ours = Table(
    "not_ours",
    metadata,
    Column("party", _PARTY, primary_key=True),
    Column("child", String(64), primary_key=True),
    Column("notice", _UUID, nullable=False),
    Column("person", _UUID, nullable=False),
    _moment("at", nullable=False),
)

shut_outs = Table(
    "shut_outs",
    metadata,
    Column("party", _PARTY, primary_key=True),
    Column("child", String(64), primary_key=True),
    Column("role", String(20), primary_key=True),  # whoever has this role at the party sees nothing of this child
    Column("because", String(40), nullable=False),
    Column("notice", _UUID, nullable=False),
    _moment("at", nullable=False),
)

steps = Table(
    "steps",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("id", _UUID, nullable=False, unique=True),
    Column("notice", _UUID, ForeignKey(notices.c.id, ondelete="CASCADE"), nullable=False),
    Column("agency", String(64), nullable=False),  # whose adapter says it to the hub
    Column("kind", String(20), nullable=False),
    _moment("at", nullable=False),
    Column("person", _UUID),
    Column("role", String(20)),
    Column("because", String(40)),
    Column("words", Text),
    Column("language", String(2)),
    _moment("taken_at"),  # the outbox has it
    Index("steps_of_notice", "notice", "seq"),
    Index("steps_to_take", "agency", "seq", postgresql_where=text("taken_at IS NULL")),
)

people = Table(
    "people",
    metadata,
    Column("id", _UUID, primary_key=True),
    Column("subject", String(120), nullable=False, unique=True),  # `sub` at the identity provider
    Column("name", String(100), nullable=False),
    Column("email", String(254)),
    Column("mobile", String(20)),
    Column("language", String(2)),  # chosen by the person; none: the school's
    Column("active", Boolean, nullable=False, server_default=text("true")),
    _moment("created_at", nullable=False),
)

rights = Table(
    "rights",
    metadata,
    Column("person", _UUID, ForeignKey(people.c.id, ondelete="CASCADE"), primary_key=True),
    Column("party", _PARTY, primary_key=True),
    Column("role", String(20), primary_key=True),
    Index("rights_of_party", "party", "role"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of the cookie: who reads the table can't sign in with it
    Column("person", _UUID, ForeignKey(people.c.id, ondelete="CASCADE"), nullable=False),
    Column("csrf", String(64), nullable=False),
    _moment("started_at", nullable=False),
    _moment("seen_at", nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("caller", String(64), primary_key=True),  # hash of an address
    _moment("since", nullable=False),
    Column("count", Integer, nullable=False),
)

pointers = Table(
    "pointers",
    metadata,
    Column("id", _UUID, primary_key=True),
    Column("notice", _UUID, ForeignKey(notices.c.id, ondelete="CASCADE"), nullable=False),
    Column("why", String(20), nullable=False),
    Column("address", String(254), nullable=False),
    Column("language", String(2), nullable=False),  # which of the two comes first
    Column("person", _UUID),  # whom it is for; none: a contact that is nobody of the portal's
    _moment("made_at"),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    _moment("next_try_at"),  # none: sent, or given up
    _moment("sent_at"),
    _moment("bounced_at"),
    Index("pointers_to_send", "next_try_at", postgresql_where=text("next_try_at IS NOT NULL")),
    Index("pointers_of_notice", "notice"),
    Index(
        "pointers_out_of_hours", "address", text("made_at DESC"), postgresql_where=text("why = 'out-of-hours'::text")
    ),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("party", _PARTY, primary_key=True),
    Column("url", String(500), nullable=False),
    Column("secret", String(80), nullable=False),
    Column("old_secret", String(80)),  # signs too until it ends: a receiver changes over when it likes
    _moment("old_secret_ends_at"),
    Column("whole", Boolean, nullable=False),  # by agreement, what the notification says; else id, type and link
    Column("owner", String(254), nullable=False),  # whose address is told when it is turned off
    _moment("failing_since"),
    _moment("disabled_at"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", _UUID, primary_key=True),  # `webhook-id`: the same over every try
    Column("party", _PARTY, ForeignKey(webhooks.c.party, ondelete="CASCADE"), nullable=False),
    Column("notice", _UUID, ForeignKey(notices.c.id, ondelete="CASCADE"), nullable=False),
    _moment("made_at", nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    _moment("next_try_at"),  # none: taken, or the webhook is off
    _moment("taken_at"),
    Column("answer", String(40)),  # the last: a status, or what went wrong
    Index("calls_to_make", "next_try_at", postgresql_where=text("next_try_at IS NOT NULL")),
    Index("calls_of_party", "party", text("made_at DESC")),
)

access_reports = Table(
    "access_reports",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("record", LargeBinary, nullable=False),
    _moment("sent_at"),
    Index("access_reports_to_send", "seq", postgresql_where=text("sent_at IS NULL")),
)
