"""Makes of what the tables hold of one event the path that `dolen trace` draws, so that both say the same."""

from hub.names import Names
from hub.observe.stored import recorded
from hub.observe.trail import AnswerKind, Trail, answered
from hub.store.notification import Notification, Stored


def trail_of(notification: Notification, names: Names) -> Trail:
    """The path of one event; answers of a kind that is newer than this program are left out."""
    records = tuple(recorded(stored, names) for stored in notification.records)
    answers = (answered(recorded(stored, names)) for stored in notification.answers if _is_known(stored))
    return Trail(records, tuple(answer for answer in answers if answer is not None))


def _is_known(stored: Stored) -> bool:
    answers = stored.entry.answers
    return answers is not None and answers.kind in set(AnswerKind)
