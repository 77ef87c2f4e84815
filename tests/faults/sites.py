"""Where a campaign takes place: one broker, three of them, or one whose disk is small; and beside one, an adapter."""

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from hub.local.endpoints import Endpoints
from hub.local.kafka import LISTENERS, Kafka, properties
from hub.local.ports import LOOPBACK, free_ports
from hub.local.server import Server
from hub.local.stack import Stack
from hub.local.state import State, load, new
from hub.private_file import write_private
from tests.faults.campaign import NotHere

NODES = (1, 2, 3)
IN_SERVICE = Path(__file__).parents[2] / "deploy" / "kafka" / "broker.properties"
DISK_MB = 640


class Broker(Kafka):
    """One of three brokers, by the rules of service, on half the memory."""

    memory: ClassVar[Sequence[str]] = ("-Xms96m", "-Xmx256m", "-XX:MaxDirectMemorySize=128m", "-XX:+UseSerialGC")
    quorum: ClassVar[Sequence[str]] = ()

    def __init__(self, state: State, node: int) -> None:
        super().__init__(state)
        self.node = node
        self.name = f"kafka-{node}"  # type: ignore[misc]

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.state.ports[self.name]}"

    def ports(self) -> Sequence[int]:
        return tuple(self._own_ports.values())

    def prepare(self) -> None:
        write_private(self._configuration, self._properties())
        if not (self._data / "meta.properties").exists():
            self._format()

    def ready(self) -> bool:
        own = self.state.ports | self._own_ports
        return Kafka(replace(self.state, ports=own, processes={"kafka": self.state.processes[self.name]})).ready()

    @property
    def _own_ports(self) -> dict[str, int]:
        return {kind: self.state.ports[f"{kind}-{self.node}"] for kind in LISTENERS}

    def _properties(self) -> str:
        ports = self.state.ports
        text = properties(replace(self.state, ports=ports | self._own_ports), data=self._data)
        alone = [line for line in text.splitlines() if not line.startswith("controller.quorum.bootstrap.servers")]
        voters = ",".join(f"{node}@{LOOPBACK}:{ports[f'controller-{node}']}" for node in NODES)
        mine = [f"node.id={self.node}", f"controller.quorum.voters={voters}"]
        return "\n".join([*alone, IN_SERVICE.read_text(encoding="utf-8"), *mine, ""])


class ThreeBrokers(Stack):
    """Three brokers with three copies of everything, two of which have to be written; and Redis."""

    @property
    def brokers(self) -> Sequence[Broker]:
        """All three."""
        return tuple(Broker(self._known, node) for node in NODES)

    @property
    def servers(self) -> Sequence[Server]:
        return *self.brokers, self.redis

    def broker_at(self, address: str) -> Broker:
        """The broker that clients reach there."""
        return next(broker for broker in self.brokers if broker.bootstrap_servers == address)

    def endpoints(self) -> Endpoints:
        addresses = ",".join(broker.bootstrap_servers for broker in self.brokers)
        return replace(super().endpoints(), bootstrap_servers=addresses)

    def _remember(self) -> None:
        if load(self.state_dir) is None:
            state = new(self.state_dir)
            names = [f"{kind}-{node}" for kind in LISTENERS for node in NODES]
            state.ports |= dict(zip(names, free_ports(len(names)), strict=True))
            state.save()
        super()._remember()


class SmallDisk(Stack):
    """One broker whose data lie on a small disk of their own; and Redis."""

    @property
    def servers(self) -> Sequence[Server]:
        return self.kafka, self.redis

    @property
    def ballast(self) -> Path:
        """The file that fills the disk."""
        return self.kafka.home / "ballast"


@contextmanager
def one_broker(stack: Stack, home: Path) -> Iterator[Stack]:
    """The stack that is there already."""
    yield stack


@contextmanager
def three_brokers(_: Stack, home: Path) -> Iterator[Stack]:
    """A cluster of its own."""
    os.environ["DOLEN_KAFKA__REPLICATION"] = str(len(NODES))
    stack = ThreeBrokers(home / "three")
    try:
        stack.up()
        yield stack
    finally:
        stack.down(wipe=True)
        del os.environ["DOLEN_KAFKA__REPLICATION"]


@contextmanager
def small_disk(_: Stack, home: Path) -> Iterator[Stack]:
    """A stack of its own, its broker's data in a file system in memory."""
    stack = SmallDisk(home / "small")
    try:
        with mounted(stack.state_dir / "kafka", megabytes=DISK_MB):
            try:
                stack.up()
                yield stack
            finally:
                stack.down()
    finally:
        stack.down(wipe=True)


@contextmanager
def mounted(disk: Path, *, megabytes: int) -> Iterator[None]:
    """A file system in memory at a folder that is made for it; raises NotHere where that may not be."""
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotHere(f"a small disk has to be mounted, which needs root ({done.stderr.strip()})")
    try:
        yield
    finally:
        subprocess.run(["umount", str(disk)], check=True)


Site = Callable[[Stack, Path], AbstractContextManager[Stack]]
SITES: dict[str, Site] = {
    "one broker": one_broker,
    "three brokers": three_brokers,
    "small disk": small_disk,
    "one adapter": one_broker,
}
