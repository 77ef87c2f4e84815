"""A TCP proxy that misbehaves as networks do: late, in crumbs, silent, or suddenly gone."""

import asyncio
import contextlib
import random
import struct
from dataclasses import dataclass, field
from functools import partial

CRUMBS = 48
"""How many single bytes begin a message in crumbs: the rest would cost a system call a byte for nothing new."""


@dataclass(eq=False)
class Connection:
    """One client's connection, and the server's behind it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    there: asyncio.StreamReader
    there_writer: asyncio.StreamWriter
    server: str
    """The server's address."""
    awaited: dict[int, object] = field(default_factory=dict)

    def reset(self) -> None:
        """End both sides with a reset: what was on its way is gone."""
        for writer in (self.writer, self.there_writer):
            with contextlib.suppress(OSError):
                own = writer.get_extra_info("socket")
                own.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER 0: close() sends RST
            writer.transport.abort()


class Pipe:
    """Passes bytes on between clients and one or several servers, each behind a port of its own."""

    def __init__(self, servers: str, *, seed: int = 0) -> None:
        """`servers`: `host:port`, with commas between."""
        self.ports: dict[str, int] = dict.fromkeys(servers.split(","), 0)
        """The pipe's own port before each server, once it is open."""
        self._random = random.Random(seed)
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections: set[Connection] = set()
        self.latency_s = 0.0
        self.crumbs = False
        self._talking = asyncio.Event()
        self._talking.set()

    @property
    def address(self) -> str:
        """Where clients connect; empty while the pipe is not open."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports.values()) if self._servers else ""

    def silent(self, yes: bool) -> None:
        """Half-open: connections stay, and nothing comes back."""
        (self._talking.clear if yes else self._talking.set)()

    def reset_all(self, server: str | None = None) -> int:
        """Reset every connection, or every one to a server; how many there were."""
        found = [one for one in self.connections if server in (None, one.server)]
        for connection in found:
            connection.reset()
        return len(found)

    def away(self) -> None:
        """As if the servers had ended: who was connected is cut off, and nobody is let in."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        self.reset_all()

    async def back(self) -> None:
        """Let clients in, by the same ports as before."""
        for server, port in self.ports.items():
            own = await asyncio.start_server(partial(self._serve, server), "127.0.0.1", port)
            self.ports[server] = own.sockets[0].getsockname()[1]
            self._servers.append(own)

    async def __aenter__(self):
        await self.back()
        return self

    async def __aexit__(self, *_):
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, server, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        connection = None
        try:
            there = await asyncio.open_connection(*_place(server))
            connection = Connection(reader, writer, *there, server)
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


def _place(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    return host, int(port)
