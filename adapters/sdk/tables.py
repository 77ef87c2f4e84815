"""What an adapter keeps on disk: its outbox, its inbox, and the lines in which one child's events stand."""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.schema import CreateSchema

from adapters.sdk.errors import StoreRefused

VERSION = 3
"""Of the tables below; a store of a later version is refused."""

_ROW = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only where the type is INTEGER


@dataclass(frozen=True)
class Tables:
    """The tables of one store; times are milliseconds since 1970."""

    metadata: MetaData
    version: Table
    outbox_lines: Table
    """One row a source and child: the last number given out, how many are unsent, when the first of them is due."""
    outbox: Table
    """Events; `state` as `settling.State` has it; `mended_at` stands where one had other content before."""
    untranslated: Table
    """Native records that are not what their format says, by reference."""
    inbox_lines: Table
    """One row a source and child: the last number handled, how many wait, when the first is due, if it is parked."""
    inbox: Table
    """Notifications; `state` is waiting, delivered, refused or skipped; `begun_at` stands while the system has one."""


def tables(schema: str | None) -> Tables:
    """The tables, in a schema of their own where the database has schemas."""
    metadata = MetaData(schema=schema)
    return Tables(
        metadata=metadata,
        version=Table("version", metadata, Column("number", Integer, nullable=False)),
        outbox_lines=_outbox_lines(metadata),
        outbox=_outbox(metadata),
        untranslated=_untranslated(metadata),
        inbox_lines=_inbox_lines(metadata),
        inbox=_inbox(metadata),
    )


def prepare(connection: Connection, made: Tables) -> None:
    """Make what is not there yet; raises StoreRefused where a newer Dolen made it."""
    schema = made.metadata.schema
    # Asked first: IF NOT EXISTS wants the right to create schemas even where there is nothing to create.
    if schema is not None and not inspect(connection).has_schema(schema):
        connection.execute(CreateSchema(schema))
    made.metadata.create_all(connection)
    found = connection.execute(select(made.version.c.number)).scalar_one_or_none()
    if found is None:
        connection.execute(insert(made.version).values(number=VERSION))
    elif found < VERSION:
        _bring_up(connection, made)
    elif found > VERSION:
        raise StoreRefused(
            f"the store has tables of version {found}, and this Dolen knows up to {VERSION}: "
            "start the newer Dolen that made it, or name another store"
        )


def _bring_up(connection: Connection, made: Tables) -> None:
    """From version 1: the attempt that is under way is on disk. From 2: what was mended is known, contents go."""
    for column in (made.inbox.c.begun_at, made.outbox.c.mended_at):
        table = column.table
        there = {found["name"] for found in inspect(connection).get_columns(table.name, schema=table.schema)}
        if column.name not in there:
            connection.exec_driver_sql(f"ALTER TABLE {table.fullname} ADD COLUMN {column.name} BIGINT")
    for table in made.metadata.tables.values():
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    connection.execute(update(made.version).values(number=VERSION))


def _outbox_lines(metadata: MetaData) -> Table:
    return Table(
        "outbox_lines",
        metadata,
        Column("id", _ROW, primary_key=True),
        Column("source", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("waiting", Integer, nullable=False),
        Column("due_at", BigInteger, nullable=False),
        UniqueConstraint("source", "subject", name="outbox_lines_of"),
        Index("outbox_lines_due", "due_at", sqlite_where=text("waiting > 0"), postgresql_where=text("waiting > 0")),
    )


def _outbox(metadata: MetaData) -> Table:
    waiting, sent = text("state = 'waiting'"), text("state = 'sent'")
    rejected = text("state = 'rejected'")
    return Table(
        "outbox",
        metadata,
        Column("id", _ROW, primary_key=True),
        Column("reference", Text, nullable=False, unique=True),
        Column("event_id", Text, nullable=False, unique=True),
        Column("line", _ROW, ForeignKey(_of(metadata, "outbox_lines.id")), nullable=False),
        Column("source", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("family", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("hop", Text, nullable=False),
        Column("value", LargeBinary),
        Column("digest", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("taken_at", BigInteger, nullable=False),
        Column("due_at", BigInteger, nullable=False),
        Column("settled_at", BigInteger),
        Column("at", Text),
        Column("answered", Text),
        Column("outcome", Text),
        Column("faults", Text),
        Column("mended_at", BigInteger),
        Index("outbox_waiting", "line", "sequence", sqlite_where=waiting, postgresql_where=waiting),
        Index("outbox_sent", "due_at", sqlite_where=sent, postgresql_where=sent),
        Index("outbox_rejected", "id", sqlite_where=rejected, postgresql_where=rejected),
        _kept("outbox", "value", since="settled_at"),
        Index(
            "outbox_unsettled",
            "taken_at",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )


def _untranslated(metadata: MetaData) -> Table:
    return Table(
        "untranslated",
        metadata,
        Column("reference", Text, primary_key=True),
        Column("code", Text, nullable=False),
        Column("path", Text, nullable=False),
        Column("remedy", Text, nullable=False),
        Column("native", LargeBinary),
        Column("seen_at", BigInteger, nullable=False),
        _kept("untranslated", "native", since="seen_at"),
    )


def _inbox_lines(metadata: MetaData) -> Table:
    due = text("waiting > 0 AND parked_at IS NULL")
    parked = text("parked_at IS NOT NULL")
    return Table(
        "inbox_lines",
        metadata,
        Column("id", _ROW, primary_key=True),
        Column("source", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("waiting", Integer, nullable=False),
        Column("due_at", BigInteger, nullable=False),
        Column("parked_at", BigInteger),
        UniqueConstraint("source", "subject", name="inbox_lines_of"),
        Index("inbox_lines_due", "due_at", sqlite_where=due, postgresql_where=due),
        Index("inbox_lines_parked", "parked_at", sqlite_where=parked, postgresql_where=parked),
    )


def _inbox(metadata: MetaData) -> Table:
    waiting, begun = text("state = 'waiting'"), text("begun_at IS NOT NULL")
    return Table(
        "inbox",
        metadata,
        Column("id", _ROW, primary_key=True),
        Column("delivery_id", Text, nullable=False, unique=True),
        Column("line", _ROW, ForeignKey(_of(metadata, "inbox_lines.id")), nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("family", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("ordered", Boolean, nullable=False),
        Column("value", LargeBinary),
        Column("state", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("stored_at", BigInteger, nullable=False),
        Column("held_until", BigInteger, nullable=False),
        Column("begun_at", BigInteger),
        Column("settled_at", BigInteger),
        Column("reason", Text),
        Index("inbox_waiting", "line", "sequence", "id", sqlite_where=waiting, postgresql_where=waiting),
        Index("inbox_oldest", "stored_at", sqlite_where=waiting, postgresql_where=waiting),
        Index("inbox_begun", "begun_at", sqlite_where=begun, postgresql_where=begun),
        _kept("inbox", "value", since="settled_at"),
    )


def _kept(table: str, content: str, *, since: str) -> Index:
    """By when something was over and done with, of those whose content is still kept."""
    where = text(f"{content} IS NOT NULL AND {since} IS NOT NULL")
    return Index(f"{table}_kept", since, sqlite_where=where, postgresql_where=where)


def _of(metadata: MetaData, column: str) -> str:
    return column if metadata.schema is None else f"{metadata.schema}.{column}"
