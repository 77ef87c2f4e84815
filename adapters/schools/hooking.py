"""Tells schools' own systems what came, until they take it; one that fails for five days is turned off with notice."""

import asyncio
import json
import random
import ssl
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.schools.addressing import Addressing
from adapters.schools.calling import Answer, call, signed
from adapters.schools.clock import Clock
from adapters.schools.deadlines import Because
from adapters.schools.native import Did
from adapters.schools.pointing import Address, Why
from adapters.schools.store import pointers, webhooks
from adapters.schools.store.notices import note
from adapters.sdk.waits import stopped_within
from contracts.parties import agency_of

log = structlog.get_logger("dolen.schools")

WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600))
"""After each failure, as Standard Webhooks advises; the last for all that follow."""
JITTER = 0.2
"""Each wait is longer by up to this share, so that a system that is back is not called by all at once."""
LONGEST_ASKED = timedelta(days=1)
"""Of what a receiver asks for by `Retry-After`."""
FAILING_FOR = timedelta(days=5)
LOOK_EVERY_S = 1.0
AT_ONCE = 4


async def call_webhooks(database: AsyncEngine, *, addressing: Addressing, clock: Clock, stop: asyncio.Event) -> None:
    """Make the calls that are due, several at once so that a slow system holds up none but itself, until `stop`."""
    async with asyncio.TaskGroup() as callers:
        for _ in range(AT_ONCE):
            callers.create_task(_call_on(database, addressing, clock, stop))


async def _call_on(database: AsyncEngine, addressing: Addressing, clock: Clock, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            while await call_one(database, addressing=addressing, clock=clock):
                pass
        except SQLAlchemyError as failure:
            log.error("webhooks.not_read", error=type(failure).__name__)
        await stopped_within(stop, LOOK_EVERY_S)


async def call_one(
    database: AsyncEngine, *, addressing: Addressing, clock: Clock, context: ssl.SSLContext | None = None
) -> bool:
    """Make the call that is due first; False where none is."""
    async with database.begin() as connection:
        found = await webhooks.next_call(connection, clock())
        if found is None:
            return False
        settings = addressing.settings
        body = payload(found, address=settings.address)
        secrets = [found.secret]
        if found.old_secret is not None and found.old_secret_ends_at > clock():
            secrets.append(found.old_secret)
        answer = await call(
            found.url,
            body,
            signed(found.id, clock(), body, secrets),
            loopback=settings.webhooks_to_this_machine,
            context=context,
        )
        await _settle(connection, found, answer, clock(), addressing)
        return True


def payload(found: Any, *, address: str) -> bytes:
    """What a school's system is told: that something came, where it is; by agreement what it says."""
    data: dict[str, object] = {
        "id": found.ref,
        "link": f"{address}/n/{found.ref}",
        "due": found.due_at.isoformat(),
    }
    if found.whole:
        data["notification"] = json.loads(found.body)
    told = {"type": found.type, "timestamp": found.received_at.isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False).encode()


def wait_after(tries: int, answer: Answer) -> timedelta:
    """How long to wait after so many failures: the receiver's own wish where it has a longer one."""
    wait = WAITS[min(tries, len(WAITS) - 1)]
    asked = timedelta(seconds=max(0.0, answer.retry_after_s or 0.0))
    return max(wait, min(asked, LONGEST_ASKED)) * (1 + random.uniform(0, JITTER))  # noqa: S311 (not a secret)


async def _settle(
    connection: AsyncConnection, found: Any, answer: Answer, at: datetime, addressing: Addressing
) -> None:
    if answer.taken:
        await webhooks.taken(connection, found, at, answer=answer.said)
        return
    log.warning("webhook.failed", call=found.id, tries=found.tries + 1, answer=answer.said)
    await webhooks.failed(connection, found, at, answer=answer.said, next_try_at=at + wait_after(found.tries, answer))
    if answer.gone:
        await _turn_off(connection, found, Because.ASKED_TO_STOP, at, addressing)
    elif found.failing_since is not None and at - found.failing_since >= FAILING_FOR:
        await _turn_off(connection, found, Because.NOT_ANSWERING, at, addressing)


async def _turn_off(
    connection: AsyncConnection, found: Any, because: Because, at: datetime, addressing: Addressing
) -> None:
    """Call a school's system no more: the trace of all that it did not take says so, its owner and the desk know."""
    log.error("webhook.off", party=found.party, because=because.value)
    for notice in await webhooks.turn_off(connection, found.party, at):
        await note(connection, notice.id, agency_of(notice.recipient), Did.SYSTEM_OFF, at, because=because)
    told = [Address(found.owner, "cy"), *await addressing.designated(connection, found.desk)]
    if addressing.settings.mail is not None:
        await pointers.point(connection, found.notice, Why.WEBHOOK_OFF, addresses=told, at=at)
