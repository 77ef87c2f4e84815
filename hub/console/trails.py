"""Makes of what the tables hold of one event the path that `dolen trace` draws, so that both say the same."""

from hub.ledger import LedgerEntry
from hub.names import Names
from hub.observe.trail import Answered, AnswerKind, Recorded, Trail
from hub.record import Coordinates
from hub.store.notification import Notification, Stored


def trail_of(notification: Notification, names: Names) -> Trail:
    """The path of one event; answers of a kind that is newer than this program are left out."""
    records = tuple(_recorded(stored, names) for stored in notification.records)
    answers = [_answered(stored, names) for stored in notification.answers]
    return Trail(records, tuple(answer for answer in answers if answer is not None))


def _recorded(stored: Stored, names: Names) -> Recorded:
    return Recorded(
        entry=stored.entry,
        at=Coordinates(names.ledger, stored.place.lane, stored.place.position),
        written_ms=stored.written_ms,
        hash=stored.hash,
        names_the_one_before=stored.names_the_one_before,
        named_by_the_next=stored.named_by_the_next,
    )


def _answered(stored: Stored, names: Names) -> Answered | None:
    answers = stored.entry.answers
    if answers is None or not _is_kind(stored.entry):
        return None
    return Answered(
        kind=AnswerKind(answers.kind),
        delivery=answers.delivery,
        said_ms=int(answers.said_at.timestamp() * 1000),
        reason=answers.reason or "",
        recorded=_recorded(stored, names),
    )


def _is_kind(entry: LedgerEntry) -> bool:
    return entry.answers is not None and entry.answers.kind in set(AnswerKind)
