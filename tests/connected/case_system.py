"""A case system for tests: a database of the test's own, with the schema installed and a user for each side."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

SQL = Path(__file__).parents[2] / "adapters" / "social_care" / "sql"
INSTALL = (SQL / "install.sql").read_text(encoding="utf-8")
UNINSTALL = (SQL / "uninstall.sql").read_text(encoding="utf-8")

SEND = """
SELECT dolen.send(kind => %(kind)s, record_id => %(record_id)s, record_version => %(record_version)s,
    person_id => %(person_id)s, case_id => %(case_id)s, happened_at => %(happened_at)s, document => %(document)s)
"""


@dataclass(frozen=True)
class CaseSystem:
    """Its database, as three users see it."""

    administrator: str
    """A URL, as the others are."""
    application: str
    """Of a user that is granted `dolen_case_system` and has a table of its own, `cases`."""
    adapter: str
    """Of a user that is granted `dolen_adapter`, and that owns the schema `dolen_adapter` for a store."""

    def connect(self, url: str, *, autocommit: bool = True) -> "psycopg.Connection[Any]":
        """As one of them; to be closed by the caller."""
        return psycopg.connect(url, autocommit=autocommit)

    def empty(self) -> None:
        """Take out what a test left, all but the schemas."""
        with self.connect(self.administrator) as connection:
            connection.execute("TRUNCATE cases, dolen.outgoing, dolen.incoming, dolen.matches RESTART IDENTITY")
            connection.execute("DROP SCHEMA IF EXISTS dolen_adapter CASCADE")
            connection.execute(f"CREATE SCHEMA dolen_adapter AUTHORIZATION {make_url(self.adapter).username}".encode())

    def ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """As the administrator."""
        with self.connect(self.administrator) as connection:
            return connection.execute(query.encode(), parameters).fetchall()


@contextmanager
def case_system(server: str, *, installed: bool = True) -> Iterator[CaseSystem]:
    """A case system in a new database of a server, which goes away afterwards."""
    name, password = f"case_{secrets.token_hex(5)}", secrets.token_urlsafe(12)
    url = make_url(server)

    def of(user: str | None) -> str:
        one = url.set(database=name)
        return (one.set(username=user, password=password) if user else one).render_as_string(hide_password=False)

    application, adapter = f"{name}_app", f"{name}_adapter"
    with psycopg.connect(server, autocommit=True) as root:
        root.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            for user in (application, adapter):
                root.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(user), password))
            with psycopg.connect(of(None), autocommit=True) as own:
                _prepare(own, application, adapter, installed=installed)
            yield CaseSystem(of(None), of(application), of(adapter))
        finally:
            root.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            for user in (application, adapter):
                root.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(user)))


def _prepare(own: "psycopg.Connection[Any]", application: str, adapter: str, *, installed: bool) -> None:
    own.execute("CREATE TABLE cases (case_id text PRIMARY KEY, note text NOT NULL)")
    own.execute(sql.SQL("GRANT ALL ON cases TO {}").format(sql.Identifier(application)))
    own.execute(sql.SQL("CREATE SCHEMA dolen_adapter AUTHORIZATION {}").format(sql.Identifier(adapter)))
    if installed:
        own.execute(INSTALL.encode())
        own.execute(sql.SQL("GRANT dolen_case_system TO {}").format(sql.Identifier(application)))
        own.execute(sql.SQL("GRANT dolen_adapter TO {}").format(sql.Identifier(adapter)))
