"""What operators did about dead letters: who asked, who agreed, what became of each letter, and what is set aside."""

import contextlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, false, func, select, text, true, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from hub.dead_letter import DeadLetter
from hub.errors import NotAllowed
from hub.outcomes import Outcome
from hub.record import Coordinates
from hub.store.find import LARGEST_PAGE, PAGE
from hub.store.tables import letters, records, redrive_letters, redrives, set_asides


class Standing(StrEnum):
    """How a letter stands."""

    OPEN = "open"
    """Nobody has done anything about it."""
    ASKED = "asked"
    """It is in a re-drive that waits for a second person, or is under way."""
    SENT = "sent"
    """It was sent on: what became of it is at `sent_to`, and if that was refused again, so is its letter."""
    MENDED = "mended"
    """Its sender has sent the event again itself, and it was taken."""
    SET_ASIDE = "set-aside"
    """A person decided that it is not sent on."""
    QUARANTINED = "quarantined"
    """The loop guard: it was sent on often enough."""


class RedriveState(StrEnum):
    """How far a re-drive is."""

    ASKED = "asked"
    """It waits for a second person."""
    APPROVED = "approved"
    """It may be carried out, or is being."""
    DECLINED = "declined"
    """A second person said no."""
    DONE = "done"
    """Each letter was sent, or found not to go."""


@dataclass(frozen=True, slots=True)
class LetterStanding:
    """How one letter stands, and by whom."""

    standing: Standing
    redrive: str | None = None
    """The re-drive that has it."""
    sent_to: Coordinates | None = None
    """Where the record stands that it became."""
    by: str | None = None
    why: str | None = None
    at_ms: int | None = None
    times: int = 0
    """How often the record had been sent on when it arrived."""


@dataclass(frozen=True, slots=True)
class RedriveLetter:
    """One letter of a re-drive."""

    ordinal: int
    at: Coordinates
    state: str
    """`waiting`, `sent`, `not-sent` or `declined`."""
    why_not: str | None
    """The verdict (hub/redrive/trial.py) for which it was not sent."""
    times: int | None
    """For which time the record was sent, from 1."""
    sent_to: Coordinates | None
    sent_ms: int | None


@dataclass(frozen=True, slots=True)
class Redrive:
    """A re-drive: who asked for it and why, who decided, and its letters in the order in which they go."""

    id: str
    state: RedriveState
    asked_ms: int
    asked_by: str
    asked_why: str
    decided_ms: int | None
    decided_by: str | None
    decided_why: str | None
    letters: tuple[RedriveLetter, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """The accepted record of an identity."""

    at: Coordinates
    digest: str


def standings(connection: Connection, found: Sequence[DeadLetter]) -> dict[Coordinates, LetterStanding]:
    """How each of these letters stands."""
    places = {place_of(letter): letter for letter in found}
    answer = {place: LetterStanding(Standing.OPEN) for place in places}
    if not places:
        return answer
    mended = accepted(connection, {(each.source, each.event_id) for each in found if each.outcome == Outcome.REJECTED})
    for place, letter in places.items():
        taken = mended.get((letter.source or "", letter.event_id or ""))
        if taken is not None and letter.outcome == Outcome.REJECTED:
            answer[place] = LetterStanding(Standing.MENDED, sent_to=taken.at)
    held = redrive_letters.c.state.in_(("waiting", "sent"))
    rows = select(redrive_letters, redrives.c.asked_by, redrives.c.asked_why, redrives.c.asked_ms).join(redrives)
    for row in connection.execute(rows.where(held, _among(redrive_letters, places))):
        place = Coordinates(row.topic, row.lane, row.record_offset)
        answer[place] = LetterStanding(
            Standing.SENT if row.state == "sent" else Standing.ASKED,
            redrive=row.redrive,
            sent_to=_sent_to(row),
            by=row.asked_by,
            why=row.asked_why,
            at_ms=row.sent_ms or row.asked_ms,
        )
    for row in connection.execute(select(set_asides).where(_among(set_asides, places))):
        place = Coordinates(row.topic, row.lane, row.record_offset)
        answer[place] = LetterStanding(Standing(row.state), by=row.set_by, why=row.why, at_ms=row.at_ms)
    for place, times in _times_sent(connection, places).items():
        answer[place] = replace(answer[place], times=times)
    return answer


def ask(
    connection: Connection, found: Sequence[Coordinates], *, by: str, why: str, now_ms: int, agreed: bool
) -> Redrive:
    """Keep a re-drive of these letters, in this order; raises `NotAllowed` where another one has a letter of them."""
    one_at_a_time(connection)
    own_id = str(uuid.uuid4())
    state = RedriveState.APPROVED if agreed else RedriveState.ASKED
    values = {"id": own_id, "asked_ms": now_ms, "asked_by": by, "asked_why": why, "state": state.value}
    connection.execute(insert(redrives).values(values))
    aside = connection.execute(select(set_asides).where(_among(set_asides, found))).first()
    if aside is not None:
        raise NotAllowed(aside.state, str(Coordinates(aside.topic, aside.lane, aside.record_offset)))
    rows = [
        {
            "redrive": own_id,
            "ordinal": ordinal,
            "topic": at.topic,
            "lane": at.partition,
            "record_offset": at.offset,
            "state": "waiting",
        }
        for ordinal, at in enumerate(found)
    ]
    try:
        connection.execute(insert(redrive_letters), rows)
    except IntegrityError:
        raise NotAllowed("another-has-it") from None
    return redrive(connection, own_id)


def decide(connection: Connection, own_id: str, *, by: str, why: str, now_ms: int, yes: bool) -> Redrive:
    """A second person's answer; raises `NotAllowed` where it is the first person's, or there is nothing to decide."""
    one_at_a_time(connection)
    found = redrive(connection, own_id)
    if found.state is not RedriveState.ASKED:
        raise NotAllowed("nothing-to-decide", own_id)
    if found.asked_by == by:
        raise NotAllowed("same-person", own_id)
    state = RedriveState.APPROVED if yes else RedriveState.DECLINED
    connection.execute(
        redrives.update()
        .where(redrives.c.id == own_id)
        .values(state=state.value, decided_ms=now_ms, decided_by=by, decided_why=why)
    )
    if not yes:
        of_it = redrive_letters.c.redrive == own_id
        connection.execute(redrive_letters.update().where(of_it).values(state="declined"))
    return redrive(connection, own_id)


def redrive(connection: Connection, own_id: str) -> Redrive:
    """One re-drive; raises `NotAllowed` where there is none."""
    found = _redrives(connection, redrives.c.id == own_id, limit=1)
    if not found:
        raise NotAllowed("no-such-redrive", own_id)
    return found[0]


def find_redrives(connection: Connection, *, state: RedriveState | None = None, limit: int = PAGE) -> list[Redrive]:
    """Re-drives in a state, or all, the newest first."""
    wanted = redrives.c.state == state.value if state is not None else redrives.c.id.is_not(None)
    return _redrives(connection, wanted, limit=max(1, min(limit, LARGEST_PAGE)))


def count_waiting(connection: Connection) -> int:
    """Re-drives that wait for a second person."""
    waits = redrives.c.state == RedriveState.ASKED.value
    return int(connection.execute(select(func.count()).select_from(redrives).where(waits)).scalar_one())


def note_sent(connection: Connection, own_id: str, ordinal: int, *, times: int, offset: int, sent_ms: int) -> None:
    """Keep where a letter went."""
    values = {"state": "sent", "times": times, "sent_offset": offset, "sent_ms": sent_ms}
    connection.execute(redrive_letters.update().where(*_row(own_id, ordinal)).values(**values))


def note_not_sent(connection: Connection, own_id: str, ordinal: int, *, why_not: str) -> None:
    """Keep why a letter did not go: another re-drive may have it from now on."""
    connection.execute(redrive_letters.update().where(*_row(own_id, ordinal)).values(state="not-sent", why_not=why_not))


def note_done(connection: Connection, own_id: str) -> None:
    """Keep that no letter of a re-drive waits any more."""
    connection.execute(redrives.update().where(redrives.c.id == own_id).values(state=RedriveState.DONE.value))


def set_aside(
    connection: Connection,
    found: Sequence[Coordinates],
    *,
    by: str,
    why: str,
    now_ms: int,
    standing: Standing = Standing.SET_ASIDE,
) -> None:
    """Keep that letters are not sent on; raises `NotAllowed` where a re-drive has one of them.

    What is quarantined already can be set aside by a person, and stays so.
    """
    one_at_a_time(connection)
    waits = and_(redrive_letters.c.state == "waiting", _among(redrive_letters, found))
    held = connection.execute(select(redrive_letters).where(waits)).first()
    if held is not None and standing is Standing.SET_ASIDE:
        raise NotAllowed("another-has-it", str(Coordinates(held.topic, held.lane, held.record_offset)))
    for at in found:
        values = {"state": standing.value, "at_ms": now_ms, "set_by": by, "why": why}
        place = {"topic": at.topic, "lane": at.partition, "record_offset": at.offset}
        new = insert(set_asides).values(**place, **values)
        if standing is Standing.SET_ASIDE:
            connection.execute(new.on_conflict_do_update(index_elements=[*place], set_=values))
        else:
            connection.execute(new.on_conflict_do_nothing())


def accepted(
    connection: Connection, identities: Iterable[tuple[str | None, str | None]]
) -> dict[tuple[str, str], Taken]:
    """The accepted record of each identity (source, event id) that has one."""
    wanted = sorted({(source, event_id) for source, event_id in identities if source and event_id})
    if not wanted:
        return {}
    ids = sorted({event_id for _, event_id in wanted})
    rows = connection.execute(
        select(records).where(
            records.c.event_id.in_(ids),
            tuple_(records.c.source, records.c.event_id).in_(wanted),
            records.c.outcome == Outcome.ACCEPTED.value,
        )
    )
    return {
        (row.source, row.event_id): Taken(Coordinates(row.topic, row.lane, row.record_offset), row.digest.hex())
        for row in rows
    }


def earlier_open(connection: Connection, letter: DeadLetter, *, since_ms: int, limit: int) -> list[Coordinates]:
    """Letters before this one in its lane that still wait to be sent on, oldest first; not those of other signers."""
    at, signer = letter.at, letter.signer
    others = letters.c.signer != signer if signer is not None else false()
    before = tuple_(letters.c.at_ms, letters.c.topic, letters.c.record_offset) < (at.time_ms, at.topic, at.offset)
    question = (
        select(letters.c.topic, letters.c.lane, letters.c.record_offset)
        .where(
            letters.c.lane == at.partition, letters.c.at_ms >= since_ms, before, others.is_not(true()), *_still_open()
        )
        .order_by(letters.c.at_ms, letters.c.topic, letters.c.record_offset)
        .limit(limit)
    )
    return [Coordinates(*row) for row in connection.execute(question)]


def later_taken(connection: Connection, *, source: str, subject: str, sequence: int) -> int:
    """How many later events of the same sender and child were taken already."""
    return int(
        connection.execute(
            select(func.count()).where(
                records.c.subject == subject,
                records.c.source == source,
                records.c.sequence > sequence,
                records.c.outcome == Outcome.ACCEPTED.value,
            )
        ).scalar_one()
    )


def one_at_a_time(connection: Connection) -> None:
    """Operators' acts follow each other: what one has looked at is still so when it writes."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('dolen.redrives ' || current_schema()))"))


@contextlib.contextmanager
def carrying_out(connection: Connection, own_id: str) -> Iterator[None]:
    """Hold a re-drive, until the end or the connection's; raises `NotAllowed` where another process is at it."""
    name = "hashtext('dolen.redrive ' || current_schema() || :id)"
    if not connection.execute(text(f"SELECT pg_try_advisory_lock({name})"), {"id": own_id}).scalar_one():
        raise NotAllowed("under-way", own_id)
    try:
        yield
    finally:
        # A closed session lets go of its locks only when the server notices.
        connection.execute(text(f"SELECT pg_advisory_unlock({name})"), {"id": own_id})


def place_of(letter: DeadLetter) -> Coordinates:
    """The coordinates of the record that was refused."""
    return Coordinates(letter.at.topic, letter.at.partition, letter.at.offset)


def _still_open() -> list[ColumnElement[bool]]:
    """Neither sent, nor set aside, nor mended by the sender."""
    place = (letters.c.topic, letters.c.lane, letters.c.record_offset)

    def same(table: Any) -> ColumnElement[bool]:
        return tuple_(table.c.topic, table.c.lane, table.c.record_offset) == tuple_(*place)

    mended = and_(
        records.c.event_id == letters.c.event_id,
        records.c.source == letters.c.source,
        records.c.outcome == Outcome.ACCEPTED.value,
    )
    return [
        ~exists().where(same(redrive_letters), redrive_letters.c.state == "sent"),
        ~exists().where(same(set_asides)),
        ~exists().where(mended),
    ]


def _among(table: Any, places: Iterable[Coordinates]) -> ColumnElement[bool]:
    return tuple_(table.c.topic, table.c.lane, table.c.record_offset).in_([tuple(place) for place in places])


def _times_sent(connection: Connection, found: Iterable[Coordinates]) -> dict[Coordinates, int]:
    """How often each record had been sent on when it arrived; those that never were are left out."""
    rows = connection.execute(
        select(records.c.topic, records.c.lane, records.c.record_offset, records.c.redrive_times).where(
            records.c.redrive_times.is_not(None), _among(records, found)
        )
    )
    return {Coordinates(*row[:3]): row.redrive_times for row in rows}


def _row(own_id: str, ordinal: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return redrive_letters.c.redrive == own_id, redrive_letters.c.ordinal == ordinal


def _redrives(connection: Connection, wanted: ColumnElement[bool], *, limit: int) -> list[Redrive]:
    newest: Select[Any] = select(redrives).where(wanted).order_by(redrives.c.asked_ms.desc(), redrives.c.id)
    rows = connection.execute(newest.limit(limit)).all()
    inside: dict[str, list[RedriveLetter]] = {row.id: [] for row in rows}
    of_them = redrive_letters.c.redrive.in_([*inside])
    in_order = select(redrive_letters).where(of_them).order_by(redrive_letters.c.redrive, redrive_letters.c.ordinal)
    for row in connection.execute(in_order):
        inside[row.redrive].append(_letter(row))
    return [
        Redrive(**(row._asdict() | {"state": RedriveState(row.state), "letters": tuple(inside[row.id])}))
        for row in rows
    ]


def _letter(row: Row[Any]) -> RedriveLetter:
    return RedriveLetter(
        ordinal=row.ordinal,
        at=Coordinates(row.topic, row.lane, row.record_offset),
        state=row.state,
        why_not=row.why_not,
        times=row.times,
        sent_to=_sent_to(row),
        sent_ms=row.sent_ms,
    )


def _sent_to(row: Row[Any]) -> Coordinates | None:
    return Coordinates(row.topic, row.lane, row.sent_offset) if row.sent_offset is not None else None
