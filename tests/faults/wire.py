"""A proxy before the brokers that knows whose transaction is open, when each was committed, and hurts single requests.

Clients come back to it, since it writes its own ports into every broker address that passes.
"""

import asyncio
import contextlib
import struct
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults.pipe import Connection, Pipe

PRODUCE, INIT_PRODUCER_ID, ADD_PARTITIONS, ADD_OFFSETS, END_TXN, TXN_OFFSET_COMMIT = 0, 22, 24, 25, 26, 28
TRANSACTIONAL = {
    "Produce": PRODUCE,
    "InitProducerId": INIT_PRODUCER_ID,
    "TxnOffsetCommit": TXN_OFFSET_COMMIT,
    "EndTxn": END_TXN,
}
"""What the hub sends."""
BEGINS = {ADD_PARTITIONS, PRODUCE}
"""What a transaction begins with: the first protocol says so beforehand, the second writes."""
FLEXIBLE_FROM = {PRODUCE: 9, INIT_PRODUCER_ID: 2, ADD_PARTITIONS: 3, ADD_OFFSETS: 3, END_TXN: 3, TXN_OFFSET_COMMIT: 3}
"""All whose sender is named, each with the version since which it has tags and compact strings (KIP-482)."""


@dataclass(eq=False)
class Request:
    """One request on its way to the broker."""

    api: int
    transactional_id: str
    """Empty where the request has none."""
    commits: bool
    """Whether it is an EndTxn that commits."""
    frame: bytes
    connection: Connection
    wire: "Wire"

    async def send(self) -> None:
        """Pass it on."""
        await self.wire.forward(self)

    async def twice(self) -> None:
        """Pass it on twice, and let one answer through."""
        await self.wire.forward(self, swallow=True)
        await self.wire.forward(self)


Rule = Callable[[Request], Awaitable[None]]


class Wire(Pipe):
    """`rule` decides what becomes of each transactional request; it may be changed at any time."""

    def __init__(self, brokers: str, *, seed: int = 0) -> None:
        super().__init__(brokers, seed=seed)
        self.rule: Rule | None = None
        self.open: set[str] = set()
        """Transactional ids whose transaction has been begun and is not known to be ended."""
        self.commits: dict[str, list[float]] = defaultdict(list)
        """Times (monotonic) at which each transactional id was told that it has committed."""
        self.heard: asyncio.Event = asyncio.Event()
        """Set by each transactional request, for those who wait for one."""
        self.last = 0
        """Its API key."""
        self.last_server = ""
        """The broker that it was for."""

    async def saw(self, api: int) -> None:
        """Wait until the next request of this kind comes by."""
        while True:
            self.heard.clear()
            await self.heard.wait()
            if self.last == api:
                return

    async def forward(self, request: Request, *, swallow: bool = False) -> None:
        """Give a request to the broker; `swallow` keeps its answer from the client."""
        (correlation,) = struct.unpack_from(">i", request.frame, 4)
        if swallow:
            request.connection.awaited.setdefault(-1, []).append(correlation)  # type: ignore[attr-defined]
        else:
            request.connection.awaited[correlation] = request
        await self.give(request.connection.there_writer, struct.pack(">i", len(request.frame)) + request.frame)

    async def _up(self, connection: Connection) -> None:
        try:
            while True:
                request = self._read(await _frame(connection.reader), connection)
                if request.api not in FLEXIBLE_FROM:
                    await self.give(connection.there_writer, struct.pack(">i", len(request.frame)) + request.frame)
                    continue
                if request.api in BEGINS and request.transactional_id:
                    self.open.add(request.transactional_id)
                self.last, self.last_server = request.api, connection.server
                self.heard.set()
                await (self.rule(request) if self.rule is not None else request.send())
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            connection.there_writer.close()

    async def _down(self, connection: Connection) -> None:
        addresses = [(_written(server), _written(f"127.0.0.1:{port}")) for server, port in self.ports.items()]
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                frame = await _frame(connection.there)
                if self._noted(connection, frame):
                    for theirs, ours in addresses:
                        frame = frame.replace(theirs, ours)
                    await self.answer(connection, struct.pack(">i", len(frame)) + frame)
        connection.writer.close()

    def _read(self, frame: bytes, connection: Connection) -> Request:
        (api,) = struct.unpack_from(">h", frame)
        name, commits = "", False
        if api in FLEXIBLE_FROM and len(frame) > 10:
            at = 10 + max(0, struct.unpack_from(">h", frame, 8)[0])
            if flexible := _is_flexible(frame):
                at, length = at + 2, frame[at + 1] - 1  # no tags, and a name of less than 127 bytes
            else:
                at, length = at + 2, struct.unpack_from(">h", frame, at)[0]
            name = frame[at : at + max(0, length)].decode(errors="replace")
            commits = api == END_TXN and frame[-2 if flexible else -1] == 1
        return Request(api, name, commits, frame, connection, self)

    def _noted(self, connection: Connection, frame: bytes) -> bool:
        """Take down what an answer says; whether the client may have it."""
        (correlation,) = struct.unpack_from(">i", frame)
        swallowed = connection.awaited.get(-1, [])
        if correlation in swallowed:  # type: ignore[operator]
            swallowed.remove(correlation)  # type: ignore[attr-defined]
            return False
        request = connection.awaited.pop(correlation, None)
        if isinstance(request, Request) and request.api in (END_TXN, INIT_PRODUCER_ID):
            (error,) = struct.unpack_from(">h", frame, 9 if _is_flexible(request.frame) else 8)
            if error == 0:
                self.open.discard(request.transactional_id)
                if request.commits:
                    self.commits[request.transactional_id].append(time.monotonic())
        return True


def _is_flexible(frame: bytes) -> bool:
    """Whether a request has tags and compact strings."""
    api, version = struct.unpack_from(">hh", frame)
    return version >= FLEXIBLE_FROM[api]


def _written(address: str) -> bytes:
    """An address as Kafka's answers have it."""
    host, _, port = address.rpartition(":")
    return host.encode() + struct.pack(">i", int(port))


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(size)
