"""Places where a fault test may have the hub killed or stopped: inert unless the environment names one."""

import os
import signal

_SPEC = os.environ.get("DOLEN_FAILPOINT", "")
"""`<name>:<n>[:STOP]`: at the nth passing of that place, SIGKILL (or SIGSTOP) this process. For fault tests only."""

_NAME, _, _REST = _SPEC.partition(":")
_COUNT, _, _SIGNAL = _REST.partition(":")
_left = int(_COUNT or "1") if _SPEC else 0


def failpoint(name: str) -> None:
    """Pass a named place of the lane."""
    if _SPEC and name == _NAME:
        _pass()


def _pass() -> None:
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGSTOP if _SIGNAL == "STOP" else signal.SIGKILL)
