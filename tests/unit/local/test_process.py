"""Only a process that was started here is ever signalled."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from hub.local import process
from hub.local.process import Process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def sleeper(tmp_path: Path) -> Process:
    return process.spawn(SLEEP, log=tmp_path / "log", environment=os.environ, account=None)


def test_a_started_process_is_alive_until_it_is_killed(tmp_path: Path) -> None:
    started = sleeper(tmp_path)
    assert process.alive(started)
    process.send(started, signal.SIGKILL)
    assert process.gone_within(started, 5)
    assert not process.alive(started)


def test_a_pid_that_is_another_programs_now_is_left_alone(tmp_path: Path) -> None:
    started = sleeper(tmp_path)
    process.send(Process(started.pid, "another start time"), signal.SIGKILL)
    assert process.alive(started)
    process.send(started, signal.SIGKILL)
    assert process.gone_within(started, 5)


def test_a_process_outlives_the_one_that_started_it(tmp_path: Path) -> None:
    script = (
        "import os, pathlib\n"
        "from hub.local import process\n"
        f"log = pathlib.Path({str(tmp_path / 'log')!r})\n"
        f"started = process.spawn({SLEEP!r}, log=log, environment=os.environ, account=None)\n"
        "print(started.pid, started.started)\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    pid, started = said.stdout.split()
    survivor = Process(int(pid), started)
    assert said.stderr == ""
    assert process.alive(survivor)
    process.send(survivor, signal.SIGKILL)
    assert process.gone_within(survivor, 5)


def test_what_a_process_says_is_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    started = process.spawn(
        [sys.executable, "-c", "raise SystemExit('last words')"], log=log, environment=os.environ, account=None
    )
    assert process.gone_within(started, 5)
    assert log.read_text() == "last words\n"
