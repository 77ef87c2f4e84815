"""Connects to PostgreSQL, and says in our words when it is away."""

import contextlib
from collections.abc import Iterator

import psycopg
from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from hub.errors import StartRefused, Unavailable
from hub.settings import Settings

CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_MS = 10_000
"""How long a question may take; the projector's own statements have no limit."""
_OF_QUESTIONS = (f"statement_timeout={STATEMENT_TIMEOUT_MS}", "plan_cache_mode=force_custom_plan")
"""Each is planned for what it asks: what is common of one party is rare of another."""


def connect(settings: Settings, *, limited: bool = True, size: int = 5) -> Engine:
    """An engine for the database that the settings name; raises `StartRefused` where they name none.

    `limited=False` is for what writes many rows: no limit on a statement's time, and plans are kept.
    """
    if settings.database.url is None:
        raise StartRefused(
            "no database is named: run `dolen up`, which writes one into <state>/dolen.toml, "
            "or set DOLEN_DATABASE__URL=postgresql://user:password@host:port/db"
        )
    try:
        url = make_url(settings.database.url.get_secret_value()).set(drivername="postgresql+psycopg")
    except ArgumentError:
        raise StartRefused("DOLEN_DATABASE__URL has not the form postgresql://user:password@host:port/db") from None
    settings_of_it = _OF_QUESTIONS if limited else ("statement_timeout=0",)
    options = [f"-c {setting}" for setting in (*settings_of_it, "timezone=UTC")]
    given = url.query.get("options")
    return create_engine(
        url.update_query_dict({"options": " ".join([*([str(given)] if given else []), *options])}),
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "dolen"},
        pool_size=size,
        pool_pre_ping=True,
        hide_parameters=True,
    )


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to ask with, all of whose answers are of one moment; raises `Unavailable` where there is none."""
    with _in_our_words(), engine.connect() as connection:
        yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is committed at the end; raises `Unavailable` where there is none."""
    with _in_our_words(), engine.begin() as connection:
        yield connection


@contextlib.contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection all of whose answers are of one moment, and whose writes are committed at the end.

    It writes what no other changes, for two that change one row end in an error; raises `Unavailable`.
    """
    with _in_our_words(), engine.execution_options(isolation_level="REPEATABLE READ").begin() as connection:
        yield connection


@contextlib.contextmanager
def holding(engine: Engine) -> Iterator[Connection]:
    """A connection whose session holds a lock: every statement by itself, and closed at the end, not kept."""
    with _in_our_words(), engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.invalidate()


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except (OperationalError, psycopg.OperationalError) as failure:
        raise Unavailable(f"PostgreSQL doesn't answer ({_why(failure)})") from None
    except DBAPIError as failure:
        if failure.connection_invalidated:
            raise Unavailable(f"PostgreSQL went away ({_why(failure)})") from None
        raise


def _why(failure: DBAPIError | psycopg.Error) -> str:
    """The kind of failure: its text may hold a statement's values."""
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    state = getattr(cause, "sqlstate", None)
    return f"{type(cause).__name__}{f', SQLSTATE {state}' if state else ''}"
