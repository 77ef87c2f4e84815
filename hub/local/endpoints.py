"""Decides where commands find the servers that the environment does not name: `<state>/dolen.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from hub.private_file import Document, write_toml

COMMENT = """\
Written by `dolen up` and `dolen provision`: where the local stack is. Don't edit: it is written anew.
The settings read it where the environment names nothing; DOLEN_KAFKA__BOOTSTRAP_SERVERS and its like come first.
[kafka] is the hub's own user, absent until `dolen provision`; [kafka.admin] may do everything."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the servers are, and the passwords to them."""

    bootstrap_servers: str
    admin_username: str
    admin_password: str
    redis_url: str
    database_url: str


def endpoints_file(state_dir: Path) -> Path:
    """Where they are written."""
    return state_dir / "dolen.toml"


def hub_file(state_dir: Path) -> Path:
    """Where provisioning keeps the hub's own user and secrets."""
    return state_dir / "hub" / "hub.toml"


def write_endpoints(state_dir: Path, endpoints: Endpoints) -> None:
    """Write them, with the hub's user where there is one."""
    user = _hub_user(state_dir)
    document: Document = {
        "kafka": {"bootstrap_servers": endpoints.bootstrap_servers, **user},
        "kafka.admin": {"username": endpoints.admin_username, "password": endpoints.admin_password},
        "redis": {"url": endpoints.redis_url},
        "database": {"url": endpoints.database_url},
    }
    write_toml(endpoints_file(state_dir), document, comment=COMMENT)


def add_hub_user(state_dir: Path) -> None:
    """Name the hub's user beside the servers, where there is a local stack."""
    path = endpoints_file(state_dir)
    if path.exists():
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        kafka = content["kafka"]
        write_endpoints(
            state_dir,
            Endpoints(
                bootstrap_servers=kafka["bootstrap_servers"],
                admin_username=kafka["admin"]["username"],
                admin_password=kafka["admin"]["password"],
                redis_url=content["redis"]["url"],
                database_url=content["database"]["url"],
            ),
        )


def _hub_user(state_dir: Path) -> dict[str, str]:
    try:
        user = tomllib.loads(hub_file(state_dir).read_text(encoding="utf-8"))["kafka"]
    except FileNotFoundError:
        return {}
    return {"username": user["username"], "password": user["password"]}
