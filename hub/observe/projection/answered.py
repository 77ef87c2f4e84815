"""Decides what recipients' answers add to the decisions that they answer, in whichever order they are read.

An answer can be read before its decision, which stands in another lane: it is kept until that comes. Of several answers
of one kind the first by the broker's time counts. An answer that another than the recipient gave counts for nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.dialects.postgresql import insert

from contracts.parties import agency_of
from contracts.topics import DAY_MS
from hub.observe.projection.batch import AnswerRow, Batch, TallyKey
from hub.observe.trail import AnswerKind
from hub.store.tables import early_answers

_COLUMNS = {
    AnswerKind.DELIVERED: "delivered_ms",
    AnswerKind.OPENED: "opened_ms",
    AnswerKind.ACCEPTED_BY: "accepted_ms",
    AnswerKind.REFUSED: "refused_ms",
}


@dataclass(slots=True)
class Told:
    """One decision to tell, with the first answer of each kind: its time, and the reason of a refusal."""

    row: Row[Any]
    first: dict[AnswerKind, tuple[int, str]]
    changed: bool = False

    def take(self, answer: AnswerRow) -> bool:
        """Count an answer; whether it is the first of its kind to be read."""
        kind, said = AnswerKind(answer.kind), (answer.arrived_ms, answer.reason or "")
        known = self.first.get(kind)
        if known is None or said < known:
            self.first[kind] = said
            self.changed = True
        return known is None


def settle_answers(connection: Connection, batch: Batch) -> None:
    """Write the batch's answers, and those that came early for its decisions, into the decisions and tallies."""
    answers = [*batch.answers, *_early(connection, batch.deliveries)]
    if not answers:
        return
    told = _told(connection, {answer.delivery for answer in answers})
    early = []
    for answer in answers:
        decision = told.get(answer.delivery)
        if decision is None:
            early.append(answer)
        elif agency_of(decision.row.recipient) != answer.signer:
            batch.oddities.append((batch.ledger, answer.lane, answer.position, "answer-of-another", answer.arrived_ms))
        else:
            _count(decision, answer, batch)
    _update(connection, [decision for decision in told.values() if decision.changed])
    if early:
        connection.execute(insert(early_answers), [answer._asdict() for answer in early])


def _count(told: Told, answer: AnswerRow, batch: Batch) -> None:
    if answer.kind not in _COLUMNS:  # not kept, so that it would count anew with each batch; one that is comes with it
        return
    row, unheard = told.row, not told.first
    if not told.take(answer):
        return
    day_ms = row.at_ms - row.at_ms % DAY_MS
    tally = batch.tallies[TallyKey(day_ms, row.recipient, row.type.split(".")[2])]
    tally.answered += unheard
    match AnswerKind(answer.kind):
        case AnswerKind.DELIVERED:
            tally.delivered += 1
        case AnswerKind.OPENED:
            tally.opened += 1
        case AnswerKind.ACCEPTED_BY:
            tally.accepted_by += 1
        case AnswerKind.REFUSED:
            tally.refused += 1


def _early(connection: Connection, deliveries: Sequence[str]) -> list[AnswerRow]:
    """Take out what was answered before its decision was read."""
    if not deliveries or connection.execute(text("SELECT 1 FROM early_answers LIMIT 1")).first() is None:
        return []
    rows = connection.execute(
        text(
            "DELETE FROM early_answers WHERE delivery = ANY(CAST(:deliveries AS uuid[])) "
            "RETURNING lane, position, arrived_ms, CAST(delivery AS text), kind, signer, reason"
        ),
        {"deliveries": list(deliveries)},
    )
    return [AnswerRow(*row) for row in rows]


def _told(connection: Connection, deliveries: Collection[str]) -> dict[str, Told]:
    rows = connection.execute(
        text(
            "SELECT lane, position, at_ms, ordinal, recipient, type, CAST(delivery AS text) AS delivery, "
            "delivered_ms, opened_ms, accepted_ms, refused_ms, refusal "
            "FROM decisions WHERE told AND delivery = ANY(CAST(:deliveries AS uuid[]))"
        ),
        {"deliveries": sorted(deliveries)},
    )
    return {row.delivery: Told(row, dict(_known(row))) for row in rows}


def _known(row: Row[Any]) -> Iterable[tuple[AnswerKind, tuple[int, str]]]:
    for kind, name in _COLUMNS.items():
        time_ms = getattr(row, name)
        if time_ms is not None:
            yield kind, (time_ms, (row.refusal or "") if kind is AnswerKind.REFUSED else "")


def _update(connection: Connection, changed: Sequence[Told]) -> None:
    if not changed:
        return
    columns: dict[str, list[Any]] = {"lane": [], "position": [], "at_ms": [], "ordinal": []}
    columns |= {name: [] for name in _COLUMNS.values()} | {"refusal": []}
    for told in changed:
        for name in ("lane", "position", "at_ms", "ordinal"):
            columns[name].append(getattr(told.row, name))
        for kind, name in _COLUMNS.items():
            columns[name].append(told.first[kind][0] if kind in told.first else None)
        columns["refusal"].append(told.first.get(AnswerKind.REFUSED, (0, ""))[1] or None)
    connection.execute(text(_UPDATE), columns)


_UPDATE = """
UPDATE decisions SET
    delivered_ms = heard.delivered_ms, opened_ms = heard.opened_ms, accepted_ms = heard.accepted_ms,
    refused_ms = heard.refused_ms, refusal = heard.refusal
FROM unnest(
    CAST(:lane AS smallint[]), CAST(:position AS bigint[]), CAST(:at_ms AS bigint[]), CAST(:ordinal AS smallint[]),
    CAST(:delivered_ms AS bigint[]), CAST(:opened_ms AS bigint[]), CAST(:accepted_ms AS bigint[]),
    CAST(:refused_ms AS bigint[]), CAST(:refusal AS text[])
) AS heard (lane, position, at_ms, ordinal, delivered_ms, opened_ms, accepted_ms, refused_ms, refusal)
WHERE decisions.lane = heard.lane AND decisions.position = heard.position AND decisions.at_ms = heard.at_ms
    AND decisions.ordinal = heard.ordinal
"""
