"""Makes of a ledger record as the tables have it the same record where it stands in Kafka."""

from hub.names import Names
from hub.observe.trail import Recorded
from hub.record import Coordinates
from hub.store.notification import Stored


def recorded(stored: Stored, names: Names) -> Recorded:
    """The record at its coordinates."""
    return Recorded(
        entry=stored.entry,
        at=Coordinates(names.ledger, stored.place.lane, stored.place.position),
        written_ms=stored.written_ms,
        hash=stored.hash,
        names_the_one_before=stored.names_the_one_before,
        named_by_the_next=stored.named_by_the_next,
    )
