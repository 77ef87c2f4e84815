"""Runs the hub as a process of its own, as in service, and ends it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from hub.errors import DolenError

ROOT = Path(__file__).parents[2]
READY_S = 90.0
STOPPED_S = 20.0
LAST_LINES = 12


class HubProcess:
    """`dolen run hub`, with its log beside the stack's."""

    def __init__(self, state: Path, network: Path, *, lanes: int) -> None:
        self.log = state / "hub.log"
        self._lanes = lanes
        self._environment = _environment(os.environ, state=state, network=network)
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
        """Start it and wait until it owns every lane; raises DolenError with the end of its log."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hub", "run", "hub", "--log-json"],
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is the demo's to answer: it ends the hub in order
            )
        deadline = time.monotonic() + READY_S
        while self.log.read_bytes().count(b'"lane.owned"') < self._lanes:
            if not self.alive or time.monotonic() > deadline:
                raise DolenError(f"the hub does not start; {self.log} ends:\n{self.last_words()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it as an operator would, and if it does not end, at once."""
        if self._process is None or not self.alive:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOPPED_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])


def _environment(own: Mapping[str, str], *, state: Path, network: Path) -> dict[str, str]:
    """The demo's hub sees the demo's stack, whatever else the environment names."""
    kept = {name: value for name, value in own.items() if not name.startswith("DOLEN_")}
    path = os.pathsep.join(filter(None, (str(ROOT), own.get("PYTHONPATH"))))
    return kept | {"DOLEN_STATE_DIR": str(state), "DOLEN_NETWORK": str(network), "PYTHONPATH": path}
