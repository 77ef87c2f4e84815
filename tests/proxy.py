"""A TCP proxy before the broker that reads each request's API key, and holds or drops what a test names.

Clients come back to it, since it writes its own port into every broker address that passes.
"""

import asyncio
import contextlib
import struct
from collections.abc import Awaitable, Callable

ADD_PARTITIONS, ADD_OFFSETS, END_TXN, TXN_OFFSET_COMMIT, INIT_PRODUCER_ID, PRODUCE = 24, 25, 26, 28, 22, 0

Pass = Callable[[int, bytes, Callable[[bytes], Awaitable[None]]], Awaitable[None]]
"""What happens to a request: its API key, its frame, and how to send it on."""


async def at_once(api_key, frame, send):
    await send(frame)


class KafkaProxy:
    """One proxy; `rule` decides on each request and may be changed while it runs."""

    def __init__(self, broker: str) -> None:
        host, _, port = broker.partition(":")
        self._host, self._port = host, int(port)
        self.rule: Pass = at_once
        self.address = ""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._own = self._server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{self._own}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
            await asyncio.gather(
                self._requests(reader, there_writer), self._answers(there_reader, writer), return_exceptions=True
            )
        except OSError:
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _requests(self, reader, writer):
        async def send(frame):
            with contextlib.suppress(OSError):
                writer.write(struct.pack(">i", len(frame)) + frame)
                await writer.drain()

        try:
            while True:
                frame = await _frame(reader)
                await self.rule(struct.unpack_from(">h", frame)[0], frame, send)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _answers(self, reader, writer):
        theirs = self._host.encode() + struct.pack(">i", self._port)
        ours = b"127.0.0.1" + struct.pack(">i", self._own)
        try:
            while True:
                frame = (await _frame(reader)).replace(theirs, ours)
                writer.write(struct.pack(">i", len(frame)) + frame)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


async def _frame(reader):
    size = struct.unpack(">i", await reader.readexactly(4))[0]
    return await reader.readexactly(size)
