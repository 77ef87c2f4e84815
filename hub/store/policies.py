"""Which versions of the policy the ledger's decisions name, and from when until when."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from hub.store.tables import policies


@dataclass(frozen=True, slots=True)
class Version:
    """One version, by what was decided under it."""

    version: str
    first_ms: int
    """When the first event that it decided reached the broker."""
    last_ms: int
    events: int
    told: int
    not_told: int


def versions(connection: Connection) -> list[Version]:
    """All that ever decided anything, the newest first; two overlap while a change reaches the workers."""
    rows = connection.execute(select(policies).order_by(policies.c.last_ms.desc(), policies.c.version))
    return [Version(**row._asdict()) for row in rows]
