"""Takes in what the hub sends, and passes on to the outbox what people did with it."""

import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.schools.deadlines import Because, Plan
from adapters.schools.native import Answered, Did
from adapters.schools.notice import Notice
from adapters.schools.roles import Role
from adapters.schools.store import webhooks
from adapters.schools.store.tables import children, not_ours, notices, people, shut_outs, steps
from contracts.parties import agency_of

ANSWERS = frozenset(Did) - {Did.RECEIVED, Did.NOBODY_LEFT, Did.POINTED, Did.BOUNCED}
"""What the hub is told."""


async def has(connection: AsyncConnection, notice: str) -> bool:
    """Whether a notification is in the store."""
    return (await connection.execute(select(notices.c.id).where(notices.c.id == notice))).first() is not None


async def are_disowned(connection: AsyncConnection, party: str, known: Iterable[frozenset[str]]) -> bool:
    """Whether the party has said of each of these children that it is no pupil of its own."""
    known = tuple(known)
    every = sorted(frozenset[str]().union(*known))
    asked = select(not_ours.c.child).where(not_ours.c.party == party, not_ours.c.child.in_(every))
    said = frozenset((await connection.execute(asked)).scalars())
    return all(said & keys for keys in known)


async def put(
    connection: AsyncConnection, notice: Notice, plan: Plan, *, party: str, desk: str, at: datetime
) -> str | None:
    """Store a notification for a party; gives its `ref`, or None where it is there already."""
    ref = secrets.token_hex(16)
    added = (
        upsert(notices)
        .values(
            id=notice.id,
            ref=ref,
            recipient=notice.party,
            party=party,
            desk=desk,
            type=notice.type,
            source=notice.source,
            origin=notice.origin,
            subject=notice.subject,
            correlation=notice.correlation,
            names=list(notice.names),
            body=notice.body,
            happened_at=notice.happened_at,
            received_at=at,
            due_at=plan.due_at,
            desk_at=at if plan.desk_because else None,
            desk_because=plan.desk_because.value if plan.desk_because else None,
            next_step_at=plan.next_step_at,
        )
        .on_conflict_do_nothing(index_elements=[notices.c.id])
        .returning(notices.c.ref)
    )
    if (await connection.execute(added)).scalar_one_or_none() is None:
        return None
    rows = [
        {"notice": notice.id, "child": key, "place": place, "party": party}
        for place, keys in enumerate(notice.children)
        for key in sorted(keys)
    ]
    await connection.execute(upsert(children).on_conflict_do_nothing(), rows)
    await note(connection, notice.id, agency_of(notice.party), Did.RECEIVED, at)
    if plan.desk_because is not None and party != desk:
        await note(connection, notice.id, agency_of(notice.party), Did.TO_DESK, at, because=plan.desk_because)
    await _shut_out(connection, notice, at)
    await webhooks.enqueue(connection, notice.id, party, at)
    return ref


async def note(
    connection: AsyncConnection,
    notice: str,
    agency: str,
    did: Did,
    at: datetime,
    *,
    person: str | None = None,
    role: Role | None = None,
    because: Because | None = None,
    words: str | None = None,
    language: str | None = None,
) -> None:
    """Record one step; what the sender is to learn waits there for the outbox."""
    await connection.execute(
        insert(steps).values(
            id=str(uuid.uuid4()),
            notice=notice,
            agency=agency,
            kind=did.value,
            at=at,
            person=person,
            role=role.value if role else None,
            because=because.value if because else None,
            words=words,
            language=language,
            taken_at=None if did in ANSWERS else at,
        )
    )


async def to_take(connection: AsyncConnection, agency: str, *, most: int) -> list[tuple[int, Answered, str]]:
    """The oldest answers that the outbox does not have: number, answer without its team, and the party."""
    found = await connection.execute(
        select(steps, notices.c.recipient, notices.c.party, notices.c.source, notices.c.origin, notices.c.type)
        .add_columns(notices.c.subject, notices.c.correlation)
        .join(notices, notices.c.id == steps.c.notice)
        .where(steps.c.agency == agency, steps.c.taken_at.is_(None))
        .order_by(steps.c.seq)
        .limit(most)
    )
    return [(row.seq, _answered(row), row.party) for row in found]


async def taken(connection: AsyncConnection, seq: int, at: datetime) -> None:
    """The outbox has it."""
    await connection.execute(update(steps).where(steps.c.seq == seq).values(taken_at=at))


async def history(connection: AsyncConnection, notice: str) -> list[Any]:
    """All that was done with a notification, in order, with the person's name."""
    found = await connection.execute(
        select(steps.c.kind, steps.c.at, steps.c.role, steps.c.because, steps.c.words, steps.c.language)
        .add_columns(people.c.name)
        .join(people, people.c.id == steps.c.person, isouter=True)
        .where(steps.c.notice == notice)
        .order_by(steps.c.seq)
    )
    return list(found)


async def due(connection: AsyncConnection, at: datetime, *, most: int) -> list[Any]:
    """Notifications whose next step has come, each held for this transaction."""
    found = await connection.execute(
        select(notices.c.id, notices.c.recipient, notices.c.party, notices.c.desk, notices.c.desk_at)
        .where(notices.c.next_step_at <= at)
        .order_by(notices.c.next_step_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(found)


async def waiting_since(connection: AsyncConnection) -> datetime | None:
    """When the next step of any notification is due."""
    found: datetime | None = (await connection.execute(select(func.min(notices.c.next_step_at)))).scalar_one()
    return found


async def _shut_out(connection: AsyncConnection, notice: Notice, at: datetime) -> None:
    """The event names schools that must not be told of this child: whoever leads them sees no more of the child."""
    for school in sorted(notice.conflicts):
        for child in sorted(frozenset().union(*notice.children)):
            await connection.execute(
                upsert(shut_outs)
                .values(
                    party=school,
                    child=child,
                    role=Role.HEAD.value,
                    because="conflict-of-interest",
                    notice=notice.id,
                    at=at,
                )
                .on_conflict_do_nothing()
            )


def _answered(row: Any) -> Answered:
    return Answered(
        step=row.id,
        did=row.kind,
        at=row.at,
        by=row.recipient,
        delivery=row.notice,
        source=row.source,
        origin=row.origin,
        type=row.type,
        subject=row.subject,
        correlation=row.correlation,
        role=Role(row.role) if row.role else None,
        because=Because(row.because) if row.because else None,
        words=row.words,
        language=row.language,
    )
