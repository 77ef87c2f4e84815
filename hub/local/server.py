"""Decides how a server of the stack is started, waited for, hurt by tests, and stopped."""

import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from hub.local import process
from hub.local.errors import PortTaken, ServerFailed
from hub.local.ports import free
from hub.local.process import Account
from hub.local.state import State


class Server(ABC):
    """One server. Its data outlive it: `start` after `kill` goes on with what is on disk."""

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    ready_within: ClassVar[float] = 60.0
    """Seconds; generous, since the machine may be busy and a broker that was killed checks its logs first."""
    stopped_within: ClassVar[float] = 30.0

    def __init__(self, state: State) -> None:
        self.state = state

    @property
    def alive(self) -> bool:
        """Whether the process runs; a paused one does."""
        return process.alive(self.state.processes.get(self.name))

    @property
    def started(self) -> bool:
        """Whether it was started and not stopped since; it may have crashed."""
        return self.name in self.state.processes

    def start(self) -> None:
        """Start it unless it runs, and return when it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it unless it runs, and don't wait."""
        if self.alive:
            process.send(self.state.processes[self.name], signal.SIGCONT)
            return
        self._refuse_taken_ports()
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.prepare()
        self.state.processes[self.name] = process.spawn(
            self.command(), log=self.log, environment=self.environment(), account=self.account()
        )
        self.state.save()

    def wait(self) -> None:
        """Wait until it answers to its password; raise ServerFailed when it ends first or takes too long."""
        deadline = time.monotonic() + self.ready_within
        while not self.ready():
            if not self.alive:
                raise ServerFailed(f"{self.name} ended while it started; {self._last_words()}", remedy=self._look())
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"{self.name} did not answer within {self.ready_within:.0f} s; {self._last_words()}",
                    remedy=self._look(),
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it in good order; by force when that takes too long."""
        running = self.state.processes.get(self.name)
        process.send(running, signal.SIGCONT)
        process.send(running, self.stop_signal)
        if not process.gone_within(running, self.stopped_within):
            self.kill()
        if self.state.processes.pop(self.name, None) is not None:
            self.state.save()

    def kill(self) -> None:
        """SIGKILL, as a crash does."""
        running = self.state.processes.get(self.name)
        process.send(running, signal.SIGKILL)
        process.gone_within(running, self.stopped_within)

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        process.send(self.state.processes.get(self.name), signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        process.send(self.state.processes.get(self.name), signal.SIGCONT)

    @property
    def home(self) -> Path:
        """Where its configuration and data lie."""
        return self.state.directory / self.name

    @property
    def log(self) -> Path:
        """Where it writes what it says."""
        return self.state.directory / f"{self.name}.log"

    @abstractmethod
    def ports(self) -> Sequence[int]:
        """The ports it listens on."""

    @abstractmethod
    def prepare(self) -> None:
        """Write its configuration; on the first start, lay down its data."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The program and its arguments; never a password, since every user can read them."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers a client that has the password."""

    def environment(self) -> Mapping[str, str]:
        """The environment it runs in."""
        return os.environ

    def account(self) -> Account | None:
        """Whom it runs as; None: the caller."""
        return None

    def _refuse_taken_ports(self) -> None:
        for port in self.ports():
            if not free(port):
                raise PortTaken(
                    f"port {port}, which the stack in {self.state.directory} keeps for {self.name}, is taken by "
                    "another program",
                    remedy="end that program, or take new ports and new data with `dolen down --wipe` and `dolen up`",
                )

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
        except FileNotFoundError:
            lines = []
        return "its log ends:\n" + "\n".join(f"    {line}" for line in lines) if lines else "its log is empty"

    def _look(self) -> str:
        return f"read {self.log}; `dolen doctor` looks at the machine; `dolen down --wipe` starts from nothing"
