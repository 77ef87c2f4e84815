"""Decides which ledger records are exported next: each lane's after where its export stands, in its order.

The projector writes a lane's records in their order, so none turns up before one that was read here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from hub.ledger import GENESIS
from hub.outcomes import Outcome
from hub.store.notification import Place, Stored, decisions_of, entry_of
from hub.store.tables import decisions, exported, positions, records


def projected_to(connection: Connection, ledger: str) -> dict[int, int]:
    """Up to which offset each lane of the ledger is in the tables."""
    rows = connection.execute(select(positions.c.lane, positions.c.next_offset).where(positions.c.topic == ledger))
    return {row.lane: row.next_offset for row in rows}


def exported_to(connection: Connection) -> dict[int, int]:
    """Up to which offset each lane is exported."""
    return {row.lane: row.next_position for row in connection.execute(select(exported))}


def note_exported(connection: Connection, to: Mapping[int, int]) -> None:
    """Keep how far lanes are exported."""
    rows = [{"lane": lane, "next_position": position} for lane, position in to.items()]
    new = insert(exported).values(rows)
    connection.execute(
        new.on_conflict_do_update(index_elements=["lane"], set_={"next_position": new.excluded.next_position})
    )


def records_from(connection: Connection, lane: int, position: int, *, limit: int) -> list[Stored]:
    """The next records of one lane."""
    here = select(records).where(records.c.lane == lane, records.c.position >= position)
    return _stored(connection, here.order_by(records.c.position).limit(limit))


def answers_to(connection: Connection, deliveries: Collection[str]) -> list[Stored]:
    """The receipts that name one of these notifications, whoever sent them."""
    if not deliveries:
        return []
    wanted = select(records).where(
        records.c.answer_to.in_(sorted(deliveries)), records.c.outcome == Outcome.ACCEPTED.value
    )
    return _stored(connection, wanted.order_by(records.c.at_ms, records.c.lane, records.c.position))


def notifications_of(connection: Connection, deliveries: Collection[str]) -> list[Stored]:
    """The records in which these notifications were decided."""
    if not deliveries:
        return []
    told = select(decisions.c.lane, decisions.c.position, decisions.c.at_ms).where(
        decisions.c.told, decisions.c.delivery.in_(sorted(deliveries))
    )
    places = {Place(*row) for row in connection.execute(told)}
    return _stored(connection, _at(places)) if places else []


def _at(places: Iterable[Place]) -> Select[Any]:
    return select(records).where(tuple_(records.c.lane, records.c.position, records.c.at_ms).in_(sorted(places)))


def _stored(connection: Connection, question: Select[Any]) -> list[Stored]:
    rows: Sequence[Row[Any]] = connection.execute(question).all()
    decided = decisions_of(connection, [_place(row) for row in rows])
    return [
        Stored(
            entry=entry_of(row, decided[_place(row)], prev=GENESIS),  # spans say nothing of the chain
            place=_place(row),
            written_ms=row.written_ms,
            hash=row.hash.hex(),
            names_the_one_before=row.chain_holds,
            named_by_the_next=None,
        )
        for row in rows
    ]


def _place(row: Row[Any]) -> Place:
    return Place(row.lane, row.position, row.at_ms)
