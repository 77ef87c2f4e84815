"""What can be wrong with the machine that the local stack runs on.

StackError
├── NoNetwork        what has to be fetched once can't be fetched
├── JarCorrupt       a jar is not the one that the committed list names
├── DiskFull         too little room to start
├── PortTaken        another program listens where a server of the stack belongs
├── ProgramMissing   no Java, Redis or PostgreSQL to be found
└── ServerFailed     a server ended, or did not answer in time: the end of its log is in the message
"""

from hub.errors import Unavailable


class StackError(Unavailable):
    """The local stack can't do what was asked; `remedy` says what would help."""

    def __init__(self, seen: str, *, remedy: str) -> None:
        super().__init__(f"{seen}\n  remedy: {remedy}")
        self.seen = seen
        self.remedy = remedy


class NoNetwork(StackError):
    """Kafka's jars have to be fetched once, and can't be."""


class JarCorrupt(StackError):
    """A jar's SHA-256 differs from the committed list, so it is not run."""


class DiskFull(StackError):
    """There is too little room where the stack keeps its data."""


class PortTaken(StackError):
    """A port of the stack is in use by a program that the stack did not start."""


class ProgramMissing(StackError):
    """A program that the stack needs is neither on the PATH nor in a Python package."""


class ServerFailed(StackError):
    """A server of the stack ended or did not become ready."""
