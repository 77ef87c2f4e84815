"""`python -m tests.fuzz TARGET --seconds N [--keep]`: fuzz a target; what was found to be new can be kept.

What breaks a promise is written to a file, and the run fails. `--keep` adds the smallest set of inputs that reaches
what this run has reached to `tests/fuzz/corpus/`, where a unit test goes through it.
"""

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.targets import CORPUS, ROOT, TARGETS, Target, kept

MOST_BYTES = 8192
"""Of one input: the examples have half as much, and more makes the search slow."""
PROGRAM = "DOLEN_FUZZ_PROGRAM"
"""Names the script by which libFuzzer starts this program again."""
LARGEST_KEPT = 120
"""Files that are kept of one target."""


def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz what reads what others wrote.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--keep", action="store_true", help="add what was found to the corpus")
    parser.add_argument("--libfuzzer", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)  # this program in itself
    asked = parser.parse_args()
    target = TARGETS[asked.target]
    if asked.libfuzzer is not None:
        _fuzz(target, asked.libfuzzer)
    else:
        sys.exit(_run(asked.target, target, asked.seconds, keep=asked.keep))


def _run(name: str, target: Target, seconds: int, *, keep: bool) -> int:
    with tempfile.TemporaryDirectory(prefix="dolen-fuzz-") as scratch:
        found, seeds, merged = (Path(scratch) / folder for folder in ("found", "seeds", "merged"))
        for folder in (found, seeds, merged):
            folder.mkdir()
        for number, seed in enumerate(_files([*target.seeds, CORPUS / name])):
            shutil.copy(seed, seeds / str(number))
        words = Path(scratch) / "words.dict"
        words.write_text("".join(f'"{word}"\n' for word in ("dolen", *_words(seeds))), encoding="ascii")  # never empty
        limits = [f"-max_total_time={seconds}", f"-max_len={MOST_BYTES}", "-timeout=20", "-rss_limit_mb=2048"]
        wrong = _itself(name, [*limits, f"-dict={words}", f"-artifact_prefix={ROOT}/{name}-", str(found), str(seeds)])
        print(f"{name}: {'something is wrong' if wrong else 'nothing is wrong'}, {len([*found.iterdir()])} new inputs")  # noqa: T201
        if keep and not wrong:
            itself = Path(scratch) / "itself"
            itself.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.fuzz {name} --libfuzzer "$@"\n')
            itself.chmod(0o700)
            _itself(name, ["-merge=1", str(merged), str(seeds), str(found)], program=str(itself))
            _keep(name, merged)
        return wrong


def _keep(name: str, merged: Path) -> None:
    """The smallest inputs first; what is there already stays."""
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    room = LARGEST_KEPT - len(kept(name))
    for file in sorted(merged.iterdir(), key=lambda file: file.stat().st_size)[: max(0, room)]:
        shutil.copy(file, folder / file.name)
    print(f"{name}: {len(kept(name))} inputs are kept")  # noqa: T201


def _itself(name: str, arguments: list[str], *, program: str = "") -> int:
    """`program` is what libFuzzer starts for the parts of its work that it does in processes of their own."""
    command = [sys.executable, "-m", "tests.fuzz", name, "--libfuzzer", *arguments]
    environment = os.environ | {PROGRAM: program}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _fuzz(target: Target, arguments: list[str]) -> None:
    """In a process of its own, since libFuzzer ends the one that it runs in."""
    import atheris  # here: Linux alone has it, and the runner's help works without

    with atheris.instrument_imports(include=[*target.instrument]):
        check = importlib.import_module(target.module).check
    atheris.Setup([os.environ.get(PROGRAM) or sys.argv[0], *arguments], check)
    atheris.Fuzz()


def _files(places: Iterable[Path]) -> Iterable[Path]:
    for place in places:
        found = place.rglob("*") if place.is_dir() else [place]
        yield from sorted(file for file in found if file.is_file())


def _words(folder: Path) -> Iterable[str]:
    """The names and short texts of the seeds: what a mutation would never hit upon."""
    found: set[str] = set()
    for file in folder.iterdir():
        parts = file.read_text(encoding="utf-8", errors="replace").split('"')
        found |= {part for part in parts if part.isascii() and part.isprintable() and 0 < len(part) < 80}
    return sorted(word.replace("\\", "\\\\") for word in found)


if __name__ == "__main__":
    main()
