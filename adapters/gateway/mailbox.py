"""Keeps an agency's notifications until it has fetched and answered them, beside the SDK's own tables in one store.

What the agency does and what the sender is told of it are one transaction: neither is ever without the other.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    delete,
    select,
    update,
)

from adapters.gateway.native import Mail
from adapters.gateway.problems import Refused, Trouble
from adapters.sdk import answers
from adapters.sdk.declaration import Draft
from adapters.sdk.upsert import upsert

State = Literal["waiting", "fetched", "opened", "accepted", "refused"]
"""How far a notification has come: nobody has it; a system has it; a person has read it; a team has it, or has not."""
_STEPS: dict[State, int] = {"waiting": 0, "fetched": 1, "opened": 2, "accepted": 3, "refused": 3}

Put = Callable[[Connection, Draft], object]
"""The outbox's `put_in`."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the inbox: nothing of the child."""

    number: int
    """Where it stands in the inbox: the next page begins after it."""
    id: str
    type: str
    source: str
    state: State
    gap: bool
    received_at: int


class Mailbox:
    """The table `gateway_mail` of one agency's store."""

    def __init__(self, schema: str | None) -> None:
        self._metadata = MetaData(schema=schema)
        self._mail = Table(
            "gateway_mail",
            self._metadata,
            Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
            Column("id", Text, nullable=False, unique=True),
            Column("type", Text, nullable=False),
            Column("source", Text, nullable=False),
            Column("is_answered", Boolean, nullable=False),
            Column("gap", Boolean, nullable=False),
            Column("content", LargeBinary, nullable=False),
            Column("state", Text, nullable=False),
            Column("received_at", BigInteger, nullable=False),
            Column("answer", Text),
            Index("gateway_mail_of_state", "state", "number"),
        )

    def prepare(self, connection: Connection) -> None:
        """Make the table if it is not there."""
        self._metadata.create_all(connection)

    def keep(self, connection: Connection, mail: Mail, *, gap: bool, now: int) -> None:
        """Put a notification in; one that is there already stays as it is."""
        connection.execute(
            upsert(connection, self._mail)
            .values(
                id=mail.id,
                type=mail.type,
                source=mail.source,
                is_answered=mail.is_answered,
                gap=gap,
                content=mail.content,
                state="waiting",
                received_at=now,
            )
            .on_conflict_do_nothing()
        )

    def listed(self, connection: Connection, *, states: tuple[State, ...], after: int, limit: int) -> list[Listed]:
        """Notifications of some states, the oldest first."""
        mail = self._mail.c
        columns = (mail.number, mail.id, mail.type, mail.source, mail.state, mail.gap, mail.received_at)
        rows = connection.execute(
            select(*columns).where(mail.state.in_(states), mail.number > after).order_by(mail.number).limit(limit)
        )
        return [Listed(**row._mapping) for row in rows]

    def fetch(self, connection: Connection, delivery: str, *, put: Put, at: datetime) -> bytes:
        """The notification; the first time, its sender is told `delivered`. Raises Refused."""
        row = self._row(connection, delivery)
        if row.state == "waiting":
            connection.execute(update(self._mail).where(self._mail.c.number == row.number).values(state="fetched"))
            if row.is_answered:
                put(connection, answers.delivered(json.loads(row.content), at))
        content: bytes = row.content
        return content

    def answer(
        self, connection: Connection, delivery: str, state: State, *, said: Mapping[str, Any], put: Put, at: datetime
    ) -> State:
        """What a person or system of the agency does with a notification; the same again changes nothing.

        `said` is the receipt's own data. Raises Refused where it was finally answered otherwise before.
        """
        row = self._row(connection, delivery)
        before: State = row.state
        answer = json.dumps([state, said], sort_keys=True)
        if _STEPS[before] >= _STEPS[state]:
            if _STEPS[before] == _STEPS["accepted"] and state != "opened" and answer != row.answer:
                raise Refused(Trouble.ANSWERED)
            return before
        if before == "waiting":  # an answer says that it was fetched, by whatever way
            self.fetch(connection, delivery, put=put, at=at)
        connection.execute(
            update(self._mail).where(self._mail.c.number == row.number).values(state=state, answer=answer)
        )
        if row.is_answered:
            put(connection, _receipt(row, state, said, at))
        return state

    def tidy(self, connection: Connection, *, before: int) -> int:
        """Delete what came before a time and was fetched; how many."""
        gone = connection.execute(
            delete(self._mail).where(self._mail.c.state != "waiting", self._mail.c.received_at < before)
        )
        return gone.rowcount

    def _row(self, connection: Connection, delivery: str) -> Row[Any]:
        found = connection.execute(select(self._mail).where(self._mail.c.id == delivery)).one_or_none()
        if found is None:
            raise Refused(Trouble.NOT_FOUND)
        return found


_RECEIPTS: dict[State, tuple[str, str]] = {
    "opened": ("opened", "opened_at"),
    "accepted": ("accepted-by", "accepted_at"),
    "refused": ("refused", "refused_at"),
}


def _receipt(row: Row[Any], state: State, said: Mapping[str, Any], at: datetime) -> Draft:
    """As the SDK answers for other adapters, with what the agency says in place of what a machine knows."""
    kind, when = _RECEIPTS[state]
    known = answers.delivered(json.loads(row.content), at)
    data = {name: value for name, value in known.data.items() if name != "stored_at"}
    return replace(
        known,
        type=answers.TYPE.format(kind),
        reference=f"{kind} {row.id}",
        data={**data, when: at.isoformat(), **said},
    )
