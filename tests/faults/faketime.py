"""Clocks of workers that are off and jump: libfaketime reads from a file by how much.

Not of the broker: under libfaketime 0.9.10 a Java process spins in its timed waits (a broker took ten times as long to
start, and lost its heartbeats).
"""

from pathlib import Path

PLACES = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/local/lib/faketime")
REMEDY = "clocks can't be moved: libfaketime is not on this machine (Debian: apt-get install faketime)"


def library() -> Path | None:
    """The library; the one for programs with several threads is a hundred times slower."""
    found = (path for place in PLACES for path in Path("/").glob(f"{place[1:]}/libfaketime.so.1"))
    return next(found, None)


def environment(file: Path) -> dict[str, str]:
    """What a process is started with whose clock does what `file` says; its monotonic clock is left alone."""
    found = library()
    if found is None:
        raise FileNotFoundError(REMEDY)
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",  # seconds
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def turn(file: Path, seconds: float) -> None:
    """Set the clock off by so much; at once, so that no half-written file is read."""
    new = file.with_suffix(".new")
    new.write_text(f"{seconds:+.0f}\n", encoding="ascii")
    new.replace(file)
