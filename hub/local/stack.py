"""Decides what `dolen up` and `dolen down` do: three servers, started once, reused, ended only if it started them."""

import fcntl
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from hub.local import jars
from hub.local.endpoints import Endpoints, write_endpoints
from hub.local.errors import DiskFull, StackError
from hub.local.kafka import ADMIN, Kafka
from hub.local.postgres import Postgres
from hub.local.redis import Redis
from hub.local.server import Server
from hub.local.state import State, load, new

ROOM = 512 * 1024 * 1024
"""Free bytes below which the stack does not start: Kafka stops dead on a full disk."""

Download = Callable[[int], AbstractContextManager[jars.Progress]]
"""Given the bytes to come, a context that is told of those that have arrived: the progress bar."""


class Stack:
    """The local stack whose state lies in one directory."""

    def __init__(self, state_dir: Path, *, durable: bool = False, download: Download | None = None) -> None:
        self.state_dir = state_dir.expanduser().resolve()
        self._durable = durable
        self._download = download or (lambda total: nullcontext(lambda count: None))
        self._state: State | None = None

    def up(self) -> Endpoints:
        """Start what does not run, on its old data, and wait until all of it answers; raises StackError."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self.state_dir.chmod(0o711)  # entered, not listed, by others: PostgreSQL may have to run as another user
        with self._alone():
            self._refuse_full_disk()
            self._fetch_kafka()
            self._remember()
            for server in self.servers:
                server.command()  # a program that is missing is told before anything runs
            for server in self.servers:
                server.launch()
            for server in self.servers:
                server.wait()
            write_endpoints(self.state_dir, self.endpoints())
        return self.endpoints()

    def down(self, *, wipe: bool = False) -> list[str]:
        """End what this stack started, and name it; `wipe` removes its data too."""
        if load(self.state_dir) is None:
            return []
        with self._alone():
            self._state = None
            stopped = [server for server in self.servers if server.alive]
            for server in stopped:
                server.stop()
            if wipe:
                self._wipe()
        return [server.name for server in stopped]

    def endpoints(self) -> Endpoints:
        """Where the servers are; raises StackError before the first `up`."""
        return Endpoints(
            bootstrap_servers=self.kafka.bootstrap_servers,
            admin_username=ADMIN,
            admin_password=self._known.passwords["kafka-admin"],
            redis_url=self.redis.url,
            database_url=self.postgres.url,
        )

    @property
    def servers(self) -> Sequence[Server]:
        """In the order they are started: the slowest first."""
        return self.kafka, self.redis, self.postgres

    @property
    def kafka(self) -> Kafka:
        """The broker."""
        return Kafka(self._known)

    @property
    def redis(self) -> Redis:
        """The memory for repeats."""
        return Redis(self._known)

    @property
    def postgres(self) -> Postgres:
        """The database."""
        return Postgres(self._known)

    @property
    def _known(self) -> State:
        if self._state is None:
            self._state = load(self.state_dir)
        if self._state is None:
            raise StackError(f"there is no stack in {self.state_dir}", remedy="`dolen up` makes one")
        return self._state

    def _remember(self) -> None:
        self._state = load(self.state_dir) or new(self.state_dir)
        self._state.durable = self._state.durable or self._durable
        self._state.save()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two commands at a time would start everything twice."""
        with (self.state_dir / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self.state_dir).free
        if free < ROOM:
            raise DiskFull(
                f"{self.state_dir} has {free / 1e6:.0f} MB free; the stack needs {ROOM / 1e6:.0f} MB to start",
                remedy="make room there, or name a directory on another disk: `--state DIR` or DOLEN_STATE_DIR",
            )

    def _fetch_kafka(self) -> None:
        directory = jars.cache_directory()
        wanted = jars.missing(directory)
        if wanted:
            with self._download(sum(jar.bytes for jar in wanted)) as progress:
                jars.fetch(wanted, directory, progress=progress)

    def _wipe(self) -> None:
        home = self._known.postgres_home
        if home:
            shutil.rmtree(home, ignore_errors=True)
        for entry in self.state_dir.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        self._state = None
