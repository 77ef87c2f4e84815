"""A children's case system on PostgreSQL: rows in its own database, by the adapter's SQL functions."""

import json
import secrets
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

import adapters.social_care
from adapters.social_care.far import row_of
from adapters.social_care.inbound import reference
from hub.demo.far.place import Place
from hub.demo.far.system import Said

INSTALL = Path(adapters.social_care.__path__[0]) / "sql" / "install.sql"
SCHEMA = "dolen_adapter"

_SEND = b"""
SELECT dolen.send(kind => %(kind)s, record_id => %(record_id)s, record_version => %(record_version)s,
    person_id => %(person_id)s, case_id => %(case_id)s, happened_at => %(happened_at)s, document => %(document)s,
    hub_episode => %(hub_episode)s)
"""


class CaseSystem:
    """A database of an authority's own, with a user for each side."""

    def __init__(self, place: Place, server: str) -> None:
        """`server` is the URL of an administrator; the adapter's store is in the same database."""
        self.place = place
        self._name = place.agency.replace("-", "_")
        self._password = secrets.token_urlsafe(12)
        self._url = make_url(server)
        place.store = self._of(f"{self._name}_adapter")
        place.schema = SCHEMA

    def prepare(self) -> None:
        """Do what the adapter's README asks of a database administrator."""
        application, adapter = (sql.Identifier(f"{self._name}_{side}") for side in ("app", "adapter"))
        with psycopg.connect(self._url.render_as_string(hide_password=False), autocommit=True) as root:
            root.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._name)))
            for user in (application, adapter):
                root.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(user, self._password))
        with psycopg.connect(self._of(None), autocommit=True) as own:
            own.execute(INSTALL.read_bytes())
            own.execute(sql.SQL("GRANT dolen_case_system TO {}").format(application))
            own.execute(sql.SQL("GRANT dolen_adapter TO {}").format(adapter))
            own.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(sql.Identifier(SCHEMA), adapter))
        self.place.write({"database_url": self.place.store, "poll_seconds": 1.0})

    def say(self, event: Said) -> str:
        """Write a row, in the episode that the notification or the case before has."""
        row = row_of(event)
        self._application.execute(
            _SEND, row | {"document": json.dumps(row["document"]), "hub_episode": event["correlationid"]}
        )
        return reference(row["kind"], row["record_id"], row["record_version"])

    def look(self) -> None:
        """Nothing: rows come by themselves."""

    def has(self) -> Sequence[str]:
        """The rows of the inbox table."""
        found = self._application.execute(b"SELECT delivery_id::text FROM dolen.incoming ORDER BY number")
        return [delivery for (delivery,) in found]

    @cached_property
    def _application(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(self._of(f"{self._name}_app"), autocommit=True)

    def _of(self, user: str | None) -> str:
        one = self._url.set(database=self._name)
        return (one.set(username=user, password=self._password) if user else one).render_as_string(hide_password=False)
