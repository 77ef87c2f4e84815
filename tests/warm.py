"""Starts `dolen` in processes of its own, forked from one that has imported it: kill tests wait for no imports."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_SCRIPT = """
import json, os, sys
{before}
import hub.cli, hub.commands.run, adapters.sdk.registry, adapters.sdk.runtime
{imports}

def dolen(asked):
    log = os.open(asked["log"], os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.argv = ["dolen", *asked["words"]]
    hub.cli.main()

def ended(asked):
    pid, status = os.waitpid(asked["pid"], asked["flags"])
    return None if pid == 0 else os.waitstatus_to_exitcode(status)

while line := sys.stdin.readline():
    asked = json.loads(line)
    answer = ended(asked) if "pid" in asked else os.fork()
    if answer == 0 and "words" in asked:
        dolen(asked)
    print(json.dumps(answer), flush=True)
"""


class Warm:
    """The process that forks; ends with `close`."""

    def __init__(self, environment: Mapping[str, str], *, imports: Sequence[str] = (), before: str = "") -> None:
        """`imports`: further modules to have ready; `before`: code to run first."""
        script = _SCRIPT.format(before=before, imports="\n".join(f"import {name}" for name in imports))
        self._process = subprocess.Popen(
            [sys.executable, "-c", script],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, *words: str, log: Path) -> "Started":
        """Run `dolen` with these words; what it says is added to `log`."""
        return Started(self, int(self.ask({"words": words, "log": str(log)})))

    def ask(self, question: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(question)}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"it could not be imported: {self._process.wait()}"
        return json.loads(answer)

    def close(self) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait()


class Started:
    """One process, as `subprocess` has it."""

    def __init__(self, warm: Warm, pid: int) -> None:
        self._warm = warm
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        return self._ended(os.WNOHANG)

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        code = self._ended(0)
        assert code is not None
        return code

    def signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def _ended(self, flags: int) -> int | None:
        if self._code is None:
            self._code = self._warm.ask({"pid": self.pid, "flags": flags})
        return self._code
