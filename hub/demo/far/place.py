"""Writes the file of one agency's adapter, and says what its store holds."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, func, select

from adapters.sdk.credentials import credentials_path
from adapters.sdk.store import engine_of
from adapters.sdk.tables import Tables, tables

T = TypeVar("T")

WINDOW_S = 0.5
"""How long a notification waits for one before it: the demo's Kafka is on the same machine."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an adapter has come with what it has."""

    unsettled: int
    """Events that the hub has not answered yet."""
    received: int
    """Notifications, the hub's receipts not among them."""
    waiting: int
    """Of these not given to the system yet."""


@dataclass
class Place:
    """One agency's adapter: its folder, its file, and its store, at which the demo only looks."""

    adapter: str
    agency: str
    folder: Path
    state: Path
    store: str
    schema: str | None = None
    """Of the store, where it is in PostgreSQL."""
    _engine: Engine | None = field(default=None, init=False, repr=False)

    @property
    def file(self) -> Path:
        """The adapter's configuration file."""
        return self.folder / "adapter.toml"

    def write(self, own: Mapping[str, object]) -> None:
        """Write the file; `own` is the adapter's own table."""
        self.folder.mkdir(parents=True, exist_ok=True)
        common = {
            "adapter": self.adapter,
            "credentials": str(credentials_path(self.state, self.agency)),
            "store": self.store,
            **({"store_schema": self.schema} if self.schema else {}),
            "pseudonym_key": "pseudonym.key",
        }
        parts: dict[str, Mapping[str, object]] = {"": common, "inbox": {"window_s": WINDOW_S}, self.adapter: own}
        self.file.touch(mode=0o600)  # it may hold a password
        self.file.write_text("\n".join(_written(name, table) for name, table in parts.items()), encoding="utf-8")

    def event_of(self, reference: str) -> str | None:
        """The id that the outbox gave to the event of a native record; None: it was not taken yet."""

        def ask(connection: Connection, made: Tables) -> str | None:
            asked = select(made.outbox.c.event_id).where(made.outbox.c.reference == reference)
            found: str | None = connection.execute(asked).scalar_one_or_none()
            return found

        return self._look(ask)

    def has_handled(self, delivery: str) -> bool:
        """Whether a notification was given to the system, or refused by it."""

        def ask(connection: Connection, made: Tables) -> bool:
            asked = select(made.inbox.c.state).where(made.inbox.c.delivery_id == delivery)
            return connection.execute(asked).scalar_one_or_none() not in (None, "waiting")

        return self._look(ask)

    def standing(self) -> Standing:
        """How far the adapter has come."""

        def ask(connection: Connection, made: Tables) -> Standing:
            unsettled = select(func.count()).select_from(made.outbox).where(made.outbox.c.settled_at.is_(None))
            counted = select(made.inbox.c.state, func.count().label("number")).group_by(made.inbox.c.state)
            states = {row.state: int(row.number) for row in connection.execute(counted)}
            waiting = states.get("waiting", 0)
            return Standing(connection.execute(unsettled).scalar_one(), sum(states.values()), waiting)

        return self._look(ask)

    def taken(self) -> Mapping[str, str]:
        """The references of all events of the outbox, by their ids."""

        def ask(connection: Connection, made: Tables) -> Mapping[str, str]:
            rows = connection.execute(select(made.outbox.c.event_id, made.outbox.c.reference))
            return {row.event_id: row.reference for row in rows}

        return self._look(ask)

    def refused(self) -> Counter[str]:
        """Notifications that the system has no place for, by id."""

        def ask(connection: Connection, made: Tables) -> Counter[str]:
            asked = select(made.inbox.c.delivery_id).where(made.inbox.c.state == "refused")
            return Counter(connection.execute(asked).scalars())

        return self._look(ask)

    def close(self) -> None:
        """Look no more."""
        if self._engine is not None:
            self._engine.dispose()

    def _look(self, ask: Callable[[Connection, Tables], T]) -> T:
        with self._connected() as connection:
            return ask(connection, tables(self.schema))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        if self._engine is None:
            self._engine = engine_of(self.store)
        with self._engine.connect() as connection:
            yield connection


def sqlite(folder: Path) -> str:
    """The URL of a store in a folder."""
    return f"sqlite:///{folder / 'adapter.db'}"


def _written(name: str, table: Mapping[str, object]) -> str:
    head = [f"[{name}]"] if name else []
    return "\n".join([*head, *(f"{key} = {_value(value)}" for key, value in table.items()), ""])


def _value(value: object) -> str:
    """As TOML: JSON's strings, numbers and lists are TOML's too, its objects are not."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_value(part)}' for key, part in value.items())} }}"
    return json.dumps(value)
