"""Reads records whose header names aren't UTF-8, at which aiokafka's reader stops for good.

Seen with aiokafka 0.14.0: one such record makes every `getmany` of its partition raise UnicodeDecodeError, and nothing
behind it is ever read: any agency could have stopped a lane for all. Such a batch is read again with aiokafka's own
pure-Python reader, in which undecodable bytes of a name become surrogates (PEP 383); verification refuses the record.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy


def read_any_header() -> None:
    """Make every aiokafka consumer of this process read records with header names of any bytes."""
    fetcher.MemoryRecords = AnyHeaderRecords


class AnyHeaderRecords:
    """A fetched buffer of record batches; has the shape of aiokafka's `MemoryRecords`."""

    def __init__(self, buffer: bytes) -> None:
        self._buffer = buffer
        self._records = MemoryRecords(buffer)
        self._batches = 0

    def size_in_bytes(self) -> int:
        """Bytes fetched."""
        return int(self._records.size_in_bytes())

    def has_next(self) -> bool:
        """Whether there is another whole batch."""
        return bool(self._records.has_next())

    def next_batch(self) -> "_AnyHeaderBatch":
        """The next batch."""
        self._batches += 1
        return _AnyHeaderBatch(self._records.next_batch(), self._buffer, self._batches)


class _AnyHeaderBatch:
    """One batch; all but reading its records is aiokafka's."""

    def __init__(self, batch: Any, buffer: bytes, number: int) -> None:
        self._batch = batch
        self._buffer = buffer
        self._number = number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:  # aiokafka reads a control batch this way
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        read = 0
        try:
            for record in self._batch:
                yield record
                read += 1
        except UnicodeDecodeError:
            for number, record in enumerate(self._read_slowly()):
                if number >= read:
                    yield record

    def _read_slowly(self) -> Iterator[Any]:
        records = _MemoryRecordsPy(self._buffer)
        for _ in range(self._number):
            skipped = records._next_slice
            records.next_batch()
        batch = _DefaultRecordBatchPy(skipped)
        batch._buffer = _AnyBytes(batch._buffer)
        return iter(batch)


class _AnyBytes(bytearray):
    """Bytes whose slices decode to text whatever they hold."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _AnyBytes(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> str:
        return bytes(self).decode(encoding, "surrogateescape")
