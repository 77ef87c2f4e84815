"""`dolen doctor`: what is missing on this machine, and how to get it."""

import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from hub.commands.stack import STATE, JsonOption, StateOption
from hub.errors import DolenError
from hub.local import jars
from hub.local.errors import StackError
from hub.local.java import find_java
from hub.local.postgres import find_postgres
from hub.local.redis import find_redis
from hub.local.stack import ROOM, Stack

MISSING = 1
"""Exit code where something is missing."""

OPEN_FILES = 8192
"""Files and connections that a broker with the whole of Wales on it holds open, and room to spare."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing that the stack needs."""

    what: str
    ok: bool
    seen: str
    remedy: str = ""


def doctor(state: StateOption = STATE, as_json: JsonOption = False) -> None:
    """Look at this machine: what the stack needs, what is there, and how to get the rest."""
    findings = list(examine(state))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(f"{'ok     ' if finding.ok else 'MISSING'} {finding.what:11} {finding.seen}")
            if finding.remedy:
                typer.echo(f"        {'':11} {finding.remedy}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(MISSING)


def examine(state: Path) -> Iterator[Finding]:
    """Everything the local stack needs, one by one."""
    yield Finding("python", sys.version_info >= (3, 11), sys.version.split()[0], "")
    yield _found("java", lambda: f"{find_java().program} (version {find_java().version})")
    yield _jars()
    yield _found("redis", find_redis)
    yield _found("postgres", lambda: str(find_postgres()))
    yield _room(state)
    yield _open_files()
    yield from _servers(state)


def _found(what: str, find: Callable[[], str]) -> Finding:
    try:
        return Finding(what, ok=True, seen=find())
    except StackError as missing:
        return Finding(what, ok=False, seen=missing.seen, remedy=missing.remedy)


def _jars() -> Finding:
    directory = jars.cache_directory()
    wanted = jars.missing(directory)
    if not wanted:
        return Finding("kafka", ok=True, seen=str(directory))
    size = f"{sum(jar.bytes for jar in wanted) / 1e6:.0f} MB to fetch"
    if _reachable():
        return Finding("kafka", ok=True, seen=f"{size} on the first `dolen up`; Maven Central can be reached")
    return Finding(
        "kafka",
        ok=False,
        seen=f"{size}, and Maven Central can't be reached from here",
        remedy=f"connect to the network, set HTTPS_PROXY, or copy {directory} from another machine",
    )


def _reachable() -> bool:
    """Whether the way out is open; a proxy is taken at its word."""
    if os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        return True
    try:
        from jgo.constants import MAVEN_CENTRAL_URL

        with socket.create_connection((MAVEN_CENTRAL_URL.split("/")[2], 443), timeout=5):
            return True
    except (ImportError, OSError):
        return False


def _room(state: Path) -> Finding:
    place = next(each for each in (state.resolve(), *state.resolve().parents) if each.exists())
    free = shutil.disk_usage(place).free
    return Finding(
        "disk",
        ok=free >= ROOM,
        seen=f"{free / 1e9:.1f} GB free at {place}",
        remedy="" if free >= ROOM else "make room, or name a directory on another disk with --state",
    )


def _open_files() -> Finding:
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = most in (resource.RLIM_INFINITY, -1) or most >= OPEN_FILES
    return Finding(
        "open files",
        ok=enough,
        seen="no limit" if most in (resource.RLIM_INFINITY, -1) else f"at most {most}",
        remedy="" if enough else f"raise it: `ulimit -Hn {OPEN_FILES}`, or the nofile line in limits.conf",
    )


def _servers(state: Path) -> Iterator[Finding]:
    """Servers that `up` started and that should therefore answer; none before the first `up`."""
    stack = Stack(state)
    try:
        servers = stack.servers
    except DolenError:
        return
    for server in (each for each in servers if each.started):
        ready = server.ready()
        yield Finding(
            f"{server.name} up",
            ok=ready,
            seen="answers" if ready else f"was started and does not answer; its log is {server.log}",
            remedy="" if ready else "`dolen up` starts it on its old data",
        )
