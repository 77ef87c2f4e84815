"""The operations console over what was played: its tables, its two processes, and a notice that can be followed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from hub.console.clock import WALES
from hub.demo.process import Service
from hub.local.ports import free_ports
from hub.observe.services import catch_up
from hub.settings import Settings
from hub.store.asked import Asked
from hub.store.database import connect, reading
from hub.store.find import find

OPERATOR = "olwen-operator"
"""`sub` of an invented person at the console's development provider."""


class Operations:
    """The projector and the console, each a process of its own."""

    def __init__(self, state: Path, network: Path) -> None:
        (port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{port}"
        own = {"DOLEN_CONSOLE__ADDRESS": self.address, "DOLEN_CONSOLE__PORT": str(port)}
        console = ("-m", "hub", "run", "console", "--state", str(state), "--development")
        self.services: Sequence[Service] = (
            Service("projector", ("-m", "hub", "run", "projector"), state=state, network=network, ready=_works),
            Service("console", console, state=state, network=network, ready=_serves, more=own),
        )

    def start(self, settings: Settings) -> None:
        """Bring the tables up to what is on the topics, and start both; raises Unavailable or DolenError."""
        asyncio.run(catch_up(settings))
        for service in self.services:
            service.start()
        for service in self.services:
            service.until_ready()

    def stop(self) -> None:
        """End both."""
        for service in reversed(self.services):
            service.stop()


class Followed(NamedTuple):
    """A notice that a school opened."""

    reference: str
    """The sender's, of the child."""
    school: str
    at: str
    """When it was opened, as the console writes it."""


def opened_by(settings: Settings, schools: Sequence[str]) -> Followed | None:
    """The newest notice that one of these schools opened; None: none did."""
    engine = connect(settings)
    try:
        with reading(engine) as connection:
            for school in schools:
                for each in find(connection, Asked(recipient=school)).rows:
                    opened = each.answers.opened_ms if each.answers is not None else None
                    if opened is not None and each.subject is not None:
                        return Followed(each.subject, school, f"{datetime.fromtimestamp(opened / 1000, WALES):%H:%M}")
    finally:
        engine.dispose()
    return None


def _works(log: bytes) -> bool:
    return b'"working"' in log


def _serves(log: bytes) -> bool:
    return b'"console.serves"' in log
