"""Pages of ours on a real socket, and somebody who signs in to them as a person does."""

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import httpx
import uvicorn
from fastapi import FastAPI

from hub.local.ports import free_ports


def free_port() -> int:
    """A port that nothing listens on."""
    (port,) = free_ports(1)
    return port


@contextlib.contextmanager
def served(
    app: FastAPI, port: int, *, ended: Callable[[], Awaitable[None]] | None = None, **configuration: Any
) -> Iterator[None]:
    """Serve `app` in a thread of its own; `ended` closes in that thread's loop what the pages worked with."""
    server = uvicorn.Server(
        uvicorn.Config(
            app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", **configuration
        )
    )

    async def serving() -> None:
        try:
            await server.serve()
        finally:
            if ended is not None:
                await ended()

    thread = threading.Thread(target=lambda: asyncio.run(serving()), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def speaking(how: Callable[[socket.socket], None]) -> Iterator[str]:
    """Something that listens, and is no web server; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with contextlib.suppress(OSError):  # it is closed at the end
            while True:
                caller, _ = listening.accept()
                with caller, contextlib.suppress(OSError):  # the caller may have heard enough
                    caller.recv(65536)
                    how(caller)
                    caller.shutdown(socket.SHUT_WR)
                    caller.settimeout(5)
                    while caller.recv(65536):  # what was sent is not lost to a reset
                        pass

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


@dataclass
class Browser:
    """A client that signs in by the development provider."""

    own_page: ClassVar[str]
    """A page that every reader has, with a form's token."""

    client: httpx.Client
    subject: str

    @classmethod
    @contextlib.contextmanager
    def signed_in(cls, address: str, subject: str) -> Iterator[Self]:
        with httpx.Client(base_url=address, follow_redirects=True, timeout=30) as client:
            browser = cls(client, subject)
            browser.sign_in()
            yield browser

    def sign_in(self) -> httpx.Response:
        asked = self.client.get("/en/sign-in/go")
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
        return self.client.post("/development/authorize", data={**fields, "subject": self.subject})

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(path, params=query or None)

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form with the token that the session's pages have."""
        return self.client.post(path, data={"csrf": self.csrf(), **fields})

    def csrf(self) -> str:
        """From any page of the reader's."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get(self.own_page).text)
        assert found is not None
        return found[1]
