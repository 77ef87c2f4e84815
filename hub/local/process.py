"""Decides which running process is ours: a pid alone may be another's by now, with its start time it is not."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_children: set[int] = set()
"""Servers that this very process started: it has to collect their exit codes, or they stay behind as zombies."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that the stack started."""

    pid: int
    started: str
    """The kernel's start time, with the boot it belongs to."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a server runs as, where that is not the caller."""

    uid: int
    gid: int


def spawn(command: Sequence[str], *, log: Path, environment: Mapping[str, str], account: Account | None) -> Process:
    """Start a server in a session of its own, so that neither Ctrl-C nor a closed terminal ends it."""
    identity = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    with log.open("ab") as output:
        child = subprocess.Popen(  # type: ignore[call-overload]
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
            **identity,
        )
    child.returncode = 0  # it is to outlive this process: Popen would warn of that as of a mistake
    _children.add(child.pid)
    return Process(child.pid, _start_time(child.pid) or "")


def alive(process: Process | None) -> bool:
    """Whether this very process still runs."""
    if process is None:
        return False
    _collect(process.pid)
    return process.started != "" and _start_time(process.pid) == process.started


def send(process: Process | None, number: signal.Signals) -> None:
    """Signal the process, if it is still the one that was started."""
    if process is not None and alive(process):
        os.kill(process.pid, number)


def gone_within(process: Process | None, seconds: float) -> bool:
    """Wait for the process to end."""
    deadline = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _collect(pid: int) -> None:
    if pid in _children:
        with suppress(ChildProcessError):
            collected, _ = os.waitpid(pid, os.WNOHANG)
            if collected:
                _children.discard(pid)


def _start_time(pid: int) -> str | None:
    """Start time of a live process, None when there is none or it has ended and only waits to be collected."""
    if not Path("/proc/self/stat").exists():
        return _start_time_by_ps(pid)
    try:
        # The name in brackets may hold spaces and brackets: count the fields after the last one.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        # A killed process is a zombie while its other threads still hold its ports and files: not gone yet.
        ended = fields[0] in "ZX" and len(os.listdir(f"/proc/{pid}/task")) <= 1
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if ended else f"{_boot()}:{fields[19]}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _start_time_by_ps(pid: int) -> str | None:
    """The same on systems without /proc."""
    seen = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = seen.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()
