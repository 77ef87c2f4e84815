"""A TCP proxy that misbehaves as networks do: late, in crumbs, silent, or suddenly gone."""

import asyncio
import contextlib
import random
import struct
from dataclasses import dataclass, field

CRUMBS = 48
"""How many single bytes begin a message in crumbs: the rest would cost a system call a byte for nothing new."""


@dataclass(eq=False)
class Connection:
    """One client's connection, and the server's behind it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    there: asyncio.StreamReader
    there_writer: asyncio.StreamWriter
    awaited: dict[int, object] = field(default_factory=dict)

    def reset(self) -> None:
        """End both sides with a reset: what was on its way is gone."""
        for writer in (self.writer, self.there_writer):
            with contextlib.suppress(OSError):
                own = writer.get_extra_info("socket")
                own.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER 0: close() sends RST
            writer.transport.abort()


class Pipe:
    """Passes bytes on between clients and one server."""

    def __init__(self, server: str, *, seed: int = 0) -> None:
        host, _, port = server.rpartition(":")
        self._host, self._port = host, int(port)
        self._random = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections: set[Connection] = set()
        self.own_port = 0
        self.latency_s = 0.0
        self.crumbs = False
        self._talking = asyncio.Event()
        self._talking.set()

    @property
    def address(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.own_port}"

    def silent(self, yes: bool) -> None:
        """Half-open: connections stay, and nothing comes back."""
        (self._talking.clear if yes else self._talking.set)()

    def reset_all(self) -> int:
        """Reset every connection; how many there were."""
        found = list(self.connections)
        for connection in found:
            connection.reset()
        return len(found)

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.own_port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        connection = None
        try:
            connection = Connection(reader, writer, *await asyncio.open_connection(self._host, self._port))
            self.connections.add(connection)
            await asyncio.gather(self._up(connection), self._down(connection), return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            if connection is not None:
                connection.there_writer.close()
                self.connections.discard(connection)
            self._tasks.discard(task)

    async def _up(self, connection: Connection) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while data := await connection.reader.read(65536):
                await self.give(connection.there_writer, data)
        connection.there_writer.close()

    async def _down(self, connection: Connection) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while data := await connection.there.read(65536):
                await self.answer(connection, data)
        connection.writer.close()

    async def answer(self, connection: Connection, data: bytes) -> None:
        """Pass an answer on, unless the pipe is silent: then when it talks again."""
        await self._talking.wait()
        await self.give(connection.writer, data)

    async def give(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """Write, as late and as broken up as the pipe is now."""
        if self.latency_s:
            await asyncio.sleep(self._random.uniform(0, 2 * self.latency_s))
        with contextlib.suppress(OSError):
            if self.crumbs:
                for at in range(min(CRUMBS, len(data))):
                    writer.write(data[at : at + 1])
                    await writer.drain()
                    await asyncio.sleep(0)
                data = data[CRUMBS:]
            if data:
                writer.write(data)
            await writer.drain()
