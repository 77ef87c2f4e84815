"""Decides what is exported next, and which spans that is: a record's own, and those of answers that meet it here.

An answer may be read before the notification that it answers, which stands in another lane. Whichever of the two is
exported later brings the answer's span; so none is missed, and nothing has to wait.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opentelemetry.sdk.trace import ReadableSpan
from sqlalchemy import Connection

from hub.names import Names
from hub.observe.spans import answer_span, record_spans
from hub.observe.stored import recorded
from hub.observe.trail import Answered, Recorded, answered, deliveries
from hub.store.exported import answers_to, exported_to, notifications_of, projected_to, records_from


class TablesBehind(Exception):
    """The tables hold less than is exported: they are being made anew, and answers would miss their notifications."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Some records of every lane."""

    spans: tuple[ReadableSpan, ...]
    records: int
    to: Mapping[int, int]
    """Up to where each lane is exported with them; without lanes that don't move."""
    lag: Mapping[int, int]
    """Offsets between that and what the tables hold, transactions' markers included, for each lane."""


def read_portion(connection: Connection, names: Names, *, limit: int) -> Portion:
    """The next `limit` records of each lane; raises `TablesBehind`."""
    projected, begun = projected_to(connection, names.ledger), exported_to(connection)
    if any(projected.get(lane, 0) < position for lane, position in begun.items()):
        raise TablesBehind("the tables hold less than is exported; a rebuild takes its time")
    to, lag, found = {}, {}, []
    for lane, end in projected.items():
        at = begun.get(lane, 0)
        taken = records_from(connection, lane, at, limit=limit) if at < end else []
        found += [recorded(stored, names) for stored in taken]
        reached = taken[-1].place.position + 1 if len(taken) == limit else end
        if reached > at:
            to[lane] = reached
        lag[lane] = end - reached
    return Portion(_spans(connection, found, begun, names), len(found), to, lag)


def _spans(
    connection: Connection, found: Iterable[Recorded], begun: Mapping[int, int], names: Names
) -> tuple[ReadableSpan, ...]:
    found = list(found)
    said = [answer for record in found if (answer := answered(record)) is not None]
    asked = {answer.delivery for answer in said}
    notifications = _by_delivery(recorded(stored, names) for stored in notifications_of(connection, asked))
    here = _by_delivery(found)
    known = notifications | here
    spans: list[ReadableSpan] = []
    answers = {answer.recorded.at: answer for answer in said if _is_recipients(answer, known)}
    for record in found:
        answer = answers.get(record.at)
        if answer is None:
            spans += record_spans(record, names)
        else:
            notification = known[answer.delivery]
            spans.append(answer_span(answer, notification))
            same_trace = record.entry.trace.trace_id == notification.entry.trace.trace_id
            spans += record_spans(record, names, sender=not same_trace)
    for stored in answers_to(connection, here.keys()):  # those whose own record was exported before
        early = answered(recorded(stored, names))
        if (
            early is not None
            and stored.place.position < begun.get(stored.place.lane, 0)
            and _is_recipients(early, here)
        ):
            spans.append(answer_span(early, here[early.delivery]))
    once = {(span.context.trace_id, span.context.span_id): span for span in reversed(spans)}
    return tuple(reversed(once.values()))


def _by_delivery(records: Iterable[Recorded]) -> dict[str, Recorded]:
    return {delivery: record for record in records for delivery in deliveries([record])}


def _is_recipients(answer: Answered, known: Mapping[str, Recorded]) -> bool:
    """Whether whoever was told says it: another's receipt counts for nothing."""
    notification = known.get(answer.delivery)
    if notification is None:
        return False
    return deliveries([notification])[answer.delivery].recipient == answer.recorded.entry.event.source
