"""Serves the stand-in on a port of this machine, over TLS, in a thread of its own."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from adapters.health.standin.server import BASE, StandIn


@contextmanager
def serving(stand_in: StandIn, certificate: Path, *, port: int = 0, client_ca: Path | None = None) -> Iterator[str]:
    """Serve until the block ends; gives the base URL. `certificate` has the chain and the key (PEM).

    With `client_ca` only who has a certificate of it may connect (mTLS).
    """
    listening = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        stand_in.app(),
        ssl_certfile=certificate,
        ssl_keyfile=certificate,
        ssl_ca_certs=None if client_ca is None else str(client_ca),
        ssl_cert_reqs=ssl.CERT_NONE if client_ca is None else ssl.CERT_REQUIRED,
        log_level="critical",
        access_log=False,
        lifespan="off",
        date_header=False,  # the stand-in's own clock is shown
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="fhir-stand-in", daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}{BASE}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
