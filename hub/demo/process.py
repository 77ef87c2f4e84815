"""Runs a service of ours as a process of its own, as in service, and ends it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hub.errors import DolenError

ROOT = Path(__file__).parents[2]
READY_S = 90.0
STOPPED_S = 20.0
LAST_LINES = 12


class Service:
    """One process, with its log beside the stack's."""

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        *,
        state: Path,
        network: Path,
        ready: Callable[[bytes], bool],
        more: Mapping[str, str] | None = None,
    ) -> None:
        """`words` are Python's own arguments; `ready` is asked of the log so far; `more` are settings of its own."""
        self.name = name
        self.log = state / f"{name}.log"
        self._words = words
        self._ready = ready
        self._environment = _environment(os.environ, state=state, network=network) | dict(more or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running process; 0 if there is none."""
        return self._process.pid if self._process is not None else 0

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; `until_ready` waits for it."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._words],
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is the demo's to answer: it ends its services in order
            )

    def until_ready(self) -> None:
        """Wait until it does its work; raises DolenError with the end of its log."""
        deadline = time.monotonic() + READY_S
        while not self._ready(self.log.read_bytes()):
            if not self.alive or time.monotonic() > deadline:
                raise DolenError(f"{self.name} does not start; {self.log} ends:\n{self.last_words()}")
            time.sleep(0.1)

    def ask_to_stop(self) -> None:
        """End it as an operator would; `stop` waits for it."""
        if self.alive and self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End it as an operator would, and if it does not end, at once."""
        if self._process is None or not self.alive:
            return
        self.ask_to_stop()
        try:
            self._process.wait(STOPPED_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])


def hub_service(state: Path, network: Path, *, lanes: int) -> Service:
    """`dolen run hub`, ready when it owns every lane."""
    return Service(
        "hub",
        ("-m", "hub", "run", "hub", "--log-json"),
        state=state,
        network=network,
        ready=lambda log: log.count(b'"lane.owned"') >= lanes,
    )


def _environment(own: Mapping[str, str], *, state: Path, network: Path) -> dict[str, str]:
    """The demo's services see the demo's stack, whatever else the environment names."""
    kept = {name: value for name, value in own.items() if not name.startswith("DOLEN_")}
    path = os.pathsep.join(filter(None, (str(ROOT), own.get("PYTHONPATH"))))
    return kept | {"DOLEN_STATE_DIR": str(state), "DOLEN_NETWORK": str(network), "PYTHONPATH": path}
