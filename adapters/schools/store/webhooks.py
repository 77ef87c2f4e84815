"""Webhooks of schools' own systems, and the calls that have to be made to them."""

import base64
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.store.tables import calls, notices, webhooks

BOTH_SECRETS = timedelta(days=7)
"""How long the old secret signs beside the new one."""

SHOWN = 50
"""Calls on a page."""


def new_secret() -> str:
    """As Standard Webhooks writes one: 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


async def set_up(connection: AsyncConnection, party: str, *, url: str, owner: str, whole: bool) -> str:
    """Name a school's webhook, or another address for it; gives its secret, new with each."""
    secret = new_secret()
    values = {"url": url, "owner": owner, "whole": whole, "secret": secret}
    fresh = {"old_secret": None, "failing_since": None, "disabled_at": None}
    await connection.execute(
        insert(webhooks)
        .values(party=party, **values)
        .on_conflict_do_update(index_elements=[webhooks.c.party], set_={**values, **fresh})
    )
    return secret


async def rotate(connection: AsyncConnection, party: str, at: datetime) -> str | None:
    """A new secret; the old one signs too for a week. None where the school has no webhook."""
    secret = new_secret()
    changed = await connection.execute(
        update(webhooks)
        .where(webhooks.c.party == party)
        .values(old_secret=webhooks.c.secret, old_secret_ends_at=at + BOTH_SECRETS, secret=secret)
        .returning(webhooks.c.party)
    )
    return secret if changed.first() is not None else None


async def remove(connection: AsyncConnection, party: str) -> bool:
    """Take a school's webhook away."""
    gone = await connection.execute(delete(webhooks).where(webhooks.c.party == party).returning(webhooks.c.party))
    return gone.first() is not None


async def enqueue(connection: AsyncConnection, notice: str, party: str, at: datetime) -> None:
    """Have a school's system called about a notification, where it has one; one that is off, when it is on again."""
    hook = (await connection.execute(select(webhooks.c.disabled_at).where(webhooks.c.party == party))).first()
    if hook is not None:
        first = at if hook.disabled_at is None else None
        await connection.execute(
            insert(calls).values(id=str(uuid.uuid4()), party=party, notice=notice, made_at=at, next_try_at=first)
        )


async def replay(connection: AsyncConnection, party: str, at: datetime) -> int:
    """Turn a webhook on again, and make every call anew that was not taken; gives how many there are."""
    await connection.execute(
        update(webhooks).where(webhooks.c.party == party).values(failing_since=None, disabled_at=None)
    )
    again = await connection.execute(
        update(calls)
        .where(calls.c.party == party, calls.c.taken_at.is_(None))
        .values(next_try_at=at, tries=0)
        .returning(calls.c.id)
    )
    return len(again.fetchall())


async def of(connection: AsyncConnection, party: str) -> tuple[Any | None, list[Any]]:
    """A school's webhook and its newest calls."""
    hook = (await connection.execute(select(webhooks).where(webhooks.c.party == party))).first()
    made = await connection.execute(
        select(calls, notices.c.type)
        .join(notices, notices.c.id == calls.c.notice)
        .where(calls.c.party == party)
        .order_by(calls.c.made_at.desc(), calls.c.id)
        .limit(SHOWN)
    )
    return hook, list(made)


async def next_call(connection: AsyncConnection, at: datetime) -> Any | None:
    """The call that is due first, held for this transaction, with what it says and to whom."""
    found = await connection.execute(
        select(calls, notices.c.ref, notices.c.type, notices.c.received_at, notices.c.due_at, notices.c.body)
        .add_columns(notices.c.desk, webhooks.c.url, webhooks.c.secret, webhooks.c.old_secret)
        .add_columns(webhooks.c.old_secret_ends_at, webhooks.c.whole, webhooks.c.owner, webhooks.c.failing_since)
        .join(notices, notices.c.id == calls.c.notice)
        .join(webhooks, webhooks.c.party == calls.c.party)
        .where(calls.c.next_try_at <= at, webhooks.c.disabled_at.is_(None))
        .order_by(calls.c.next_try_at)
        .limit(1)
        .with_for_update(of=calls, skip_locked=True)
    )
    return found.first()


async def taken(connection: AsyncConnection, call: Any, at: datetime, *, answer: str) -> None:
    """The school's system has it."""
    await _changed(connection, call.id, taken_at=at, next_try_at=None, tries=call.tries + 1, answer=answer)
    await connection.execute(update(webhooks).where(webhooks.c.party == call.party).values(failing_since=None))


async def failed(connection: AsyncConnection, call: Any, at: datetime, *, answer: str, next_try_at: datetime) -> None:
    """It did not take it; the first such failure in a row is when it began to fail."""
    await _changed(connection, call.id, next_try_at=next_try_at, tries=call.tries + 1, answer=answer)
    since = func.coalesce(webhooks.c.failing_since, at)
    await connection.execute(update(webhooks).where(webhooks.c.party == call.party).values(failing_since=since))


async def turn_off(connection: AsyncConnection, party: str, at: datetime) -> list[Any]:
    """No more calls until somebody turns it on again; gives the notifications that it did not take: they are kept."""
    await connection.execute(update(webhooks).where(webhooks.c.party == party).values(disabled_at=at))
    stopped = await connection.execute(
        update(calls)
        .where(calls.c.party == party, calls.c.next_try_at.is_not(None), notices.c.id == calls.c.notice)
        .values(next_try_at=None)
        .returning(notices.c.id, notices.c.recipient)
    )
    return list(stopped)


async def count_off(connection: AsyncConnection) -> int:
    """How many schools' systems are turned off."""
    off = select(func.count()).select_from(webhooks).where(webhooks.c.disabled_at.is_not(None))
    return int((await connection.execute(off)).scalar_one())


async def _changed(connection: AsyncConnection, call: str, **values: object) -> None:
    await connection.execute(update(calls).where(calls.c.id == call).values(**values))
