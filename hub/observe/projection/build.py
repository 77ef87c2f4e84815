"""Decides what a transaction of the projector writes: every record's rows, or that it is not as the hub writes them."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog

from hub.keyring import Keyring
from hub.names import Names
from hub.observe.projection.batch import Batch, Head
from hub.observe.projection.ledger import LedgerRows
from hub.observe.projection.others import take_access, take_heartbeat, take_letter
from hub.offsets import Place
from hub.record import Coordinates, Record

log = structlog.get_logger("dolen.projector")


class Builder:
    """Makes batches of one hub's topics."""

    def __init__(self, names: Names) -> None:
        self.topics = (names.ledger, names.dead_letters, names.access_log, names.heartbeats)
        """What is read, in the order in which it is worth knowing."""
        self._names = names
        self._ledger = LedgerRows(prefix=names.prefix)

    def build(
        self,
        records: Sequence[Record],
        heads: Mapping[Place, Head],
        *,
        keyring: Keyring,
        refused: Iterable[Coordinates] = (),
    ) -> Batch:
        """The rows of records in their partitions' order, read from `heads` on.

        `refused` are records whose rows PostgreSQL does not take; with those that can't be read they become oddities.
        """
        odd = set(refused)
        takers: dict[str, Callable[[Record, Batch], None]] = {
            self._names.ledger: self._ledger.take,
            self._names.dead_letters: take_letter,
            self._names.access_log: take_access,
            self._names.heartbeats: lambda record, batch: take_heartbeat(record, keyring, batch),
        }
        while True:  # again for each record that turns out to be unreadable: it may have left half of its rows
            batch = Batch(before=dict(heads), ledger=self._names.ledger)
            for record in records:
                at = Coordinates(record.topic, record.partition, record.offset)
                if at in odd:
                    batch.oddities.append((*at, "unreadable", record.timestamp))
                else:
                    try:
                        takers[record.topic](record, batch)
                    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
                        log.error("projector.unreadable", at=str(at), error=type(wrong).__name__, alarm=True)
                        odd.add(at)
                        break
                _move(batch.head((record.topic, record.partition)), record)
            else:
                return batch


def _move(head: Head, record: Record) -> None:
    head.next_offset = record.offset + 1
    head.taken += 1
    head.last_ms = record.timestamp
