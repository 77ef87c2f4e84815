"""What the stack remembers between commands: ports, passwords, and which processes it started."""

import json
import secrets
import uuid
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hub.local.errors import StackError
from hub.local.ports import free_ports
from hub.local.process import Process
from hub.private_file import write_private

PORTS = ("kafka", "broker", "controller", "redis", "postgres")
PASSWORDS = ("kafka-admin", "redis", "postgres")


@dataclass(slots=True)
class State:
    """`<state>/stack.json`, mode 0600."""

    directory: Path
    ports: dict[str, int]
    passwords: dict[str, str]
    cluster: str
    """Kafka's cluster id."""
    durable: bool = False
    """Kafka forces every write to disk: a power cut then loses nothing that was acknowledged."""
    postgres_home: str = ""
    """Where PostgreSQL lives, when not below `directory` (see hub/local/postgres.py)."""
    processes: dict[str, Process] = field(default_factory=dict)

    def save(self) -> None:
        """Write it down at once: a process that is not written down is never stopped."""
        content = asdict(self)
        del content["directory"]
        write_private(_file(self.directory), json.dumps(content, indent=2) + "\n")


def load(directory: Path) -> State | None:
    """The state kept in `directory`, None where there is none yet."""
    try:
        content = json.loads(_file(directory).read_text(encoding="utf-8"))
        processes = {name: Process(**process) for name, process in content.pop("processes").items()}
        ports = content.pop("ports")
        later = [name for name in PORTS if name not in ports]  # a stack made before its server listened there
        ports |= zip(later, free_ports(len(later)), strict=True)
        return State(directory=directory, ports=ports, processes=processes, **content)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise StackError(
            f"{_file(directory)} can't be read ({type(wrong).__name__})",
            remedy=f"end the stack's servers by hand, then remove {directory}",
        ) from None


def new(directory: Path) -> State:
    """Choose ports and passwords for a stack in `directory`."""
    return State(
        directory=directory,
        ports=dict(zip(PORTS, free_ports(len(PORTS)), strict=True)),
        passwords={name: secrets.token_urlsafe(24) for name in PASSWORDS},
        cluster=_cluster_id(),
    )


def _cluster_id() -> str:
    """Random, in Kafka's form; one that began with a hyphen would be taken for an option of its own tool."""
    while (made := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made


def _file(directory: Path) -> Path:
    return directory / "stack.json"
