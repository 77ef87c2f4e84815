"""Keeps resources in all their versions, in memory: the stand-in's only state."""

import copy
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Resource = dict[str, Any]


class Store:
    """Versions of resources by type and id; safe to use from a test beside the server."""

    def __init__(self, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self._versions: dict[str, dict[str, list[Resource]]] = {}

    def put(self, resource: Mapping[str, Any], *, changed: datetime | None = None) -> Resource:
        """A new version under the resource's own id (a new one if it has none), stamped `changed`, or now."""
        with self.lock:
            kind, name = str(resource["resourceType"]), str(resource.get("id") or uuid.uuid4())
            versions = self._versions.setdefault(kind, {}).setdefault(name, [])
            stamp = (changed or self.clock()).astimezone(UTC).isoformat(timespec="milliseconds")
            meta = {**resource.get("meta", {}), "versionId": str(len(versions) + 1)}
            meta["lastUpdated"] = stamp.replace("+00:00", "Z")
            kept = {**copy.deepcopy(dict(resource)), "id": name, "meta": meta}
            versions.append(kept)
            return kept

    def current(self, kind: str, name: str) -> Resource | None:
        """The newest version."""
        versions = self.versions(kind, name)
        return versions[-1] if versions else None

    def versions(self, kind: str, name: str) -> list[Resource]:
        """All versions, oldest first."""
        with self.lock:
            return list(self._versions.get(kind, {}).get(name, []))

    def all(self, kind: str) -> Iterator[Resource]:
        """The newest versions of one type."""
        with self.lock:
            newest = [versions[-1] for versions in self._versions.get(kind, {}).values()]
        yield from newest
