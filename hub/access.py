"""Decides which topics there are, which users, and what each user may do: from the network and the registry alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts import topics
from contracts.event_type import EventType
from contracts.kinds import Kind
from hub.names import Names

HUB = "dolen-hub"
"""The hub among the users; no agency of the directory is called so."""


REDRIVE = "dolen-redrive"
"""The one user besides agencies that may write inbound topics: it sends on what was refused, and reads nothing."""


LARGEST_RECORD = 11 * 1024 * 1024
"""Inbound only: what is too large to be an event must still arrive, to get its dead letter and its sender an answer."""


WRITING = ("WRITE", "DESCRIBE")
"""What a producer needs on a topic, an idempotent one too."""


@dataclass(frozen=True, slots=True, order=True)
class Topic:
    """One topic as it has to be."""

    name: str
    partitions: int
    replication: int
    configuration: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """One thing that one user may do, from any host."""

    user: str
    operation: str
    """`READ`, `WRITE` or `DESCRIBE`."""
    resource: str
    """`TOPIC`, `GROUP` or `TRANSACTIONAL_ID`."""
    name: str
    prefixed: bool = False
    """Whether `name` is only the beginning."""


@dataclass(frozen=True, slots=True)
class Access:
    """What has to be in the cluster: everything here, and no other rule on these names."""

    topics: tuple[Topic, ...]
    users: Mapping[str, str]
    """Kafka's user name by agency id, the hub's under `HUB`, and the re-driver's under `REDRIVE`."""
    acls: frozenset[Acl]

    def covers(self, acl: Acl) -> bool:
        """Whether a rule found in the cluster is ours to keep or remove: about our users or names."""
        return acl.user in self.users.values() or any(
            acl.resource == wanted.resource
            and (acl.name.startswith(wanted.name) if wanted.prefixed else acl.name == wanted.name)
            for wanted in self.acls
        )

    def exposed_by(self, acl: Acl) -> bool:
        """Whether a rule that is not ours to remove reaches our topics all the same, as one for every topic does."""
        if acl.resource != "TOPIC" or self.covers(acl):
            return False
        return acl.name == "*" or (acl.prefixed and any(topic.name.startswith(acl.name) for topic in self.topics))


def access(
    agencies: Mapping[str, Kind],
    registry: Mapping[str, EventType],
    *,
    prefix: str = "",
    lanes: int,
    replication: int = 1,
) -> Access:
    """Topics, users and rules for a network of agencies (id and kind; all schools are one agency)."""
    names = Names(prefix)
    users = {agency: prefix + agency for agency in (*sorted(agencies), HUB, REDRIVE)}
    acls = set(_hub_acls(users[HUB], prefix, names))
    acls |= {Acl(users[REDRIVE], operation, "TOPIC", name) for operation in WRITING for name in names.inbound}
    for agency, kind in agencies.items():
        written = [topics.inbound(family) for family in families_of(kind, registry)]
        written += [topics.HEARTBEATS, *([topics.ACCESS_REPORTS] if kind is Kind.SCHOOLS else [])]
        acls |= set(_agency_acls(users[agency], agency, prefix, written))
    return Access(
        topics=tuple(_topics(sorted(agencies), names, prefix, lanes=lanes, replication=replication)),
        users=users,
        acls=frozenset(acls),
    )


def families_of(kind: Kind, registry: Mapping[str, EventType]) -> frozenset[topics.Family]:
    """The families of which a kind of organisation may publish at least one type."""
    return frozenset(event_type.family for event_type in registry.values() if kind in event_type.publishers)


def _topics(agencies: Iterable[str], names: Names, prefix: str, *, lanes: int, replication: int) -> Iterable[Topic]:
    payload, kept = topics.PAYLOAD_RETENTION_MS, topics.LEDGER_RETENTION_MS
    # Uncompressed: a sender's codec, or a bomb in it, would otherwise reach the hub's reader.
    large = {"max.message.bytes": str(LARGEST_RECORD), "compression.type": "uncompressed"}
    for name in names.inbound:
        yield Topic(name, lanes, replication, _configuration(payload, replication, large))
    for agency in agencies:
        for name in topics.outbound_topics(agency):
            yield Topic(prefix + name, lanes, replication, _configuration(payload, replication, {}))
    yield Topic(names.heartbeats, lanes, replication, _configuration(topics.HEARTBEAT_RETENTION_MS, replication, {}))
    yield Topic(names.access_reports, lanes, replication, _configuration(payload, replication, {}))
    for name in (names.ledger, names.dead_letters, names.access_log):
        yield Topic(name, lanes, replication, _configuration(kept, replication, {}))


def _configuration(retention_ms: int, replication: int, more: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    settings = {
        "cleanup.policy": "delete",
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": str(max(1, replication - 1)),
        "retention.ms": str(retention_ms),
        # Kafka drops whole segments: rolled daily, a payload outlives its 30 days by one at the most, not by seven.
        **({"segment.ms": str(topics.DAY_MS)} if retention_ms > 0 else {}),
        **more,
    }
    return tuple(sorted(settings.items()))


def _agency_acls(user: str, agency: str, prefix: str, written: Iterable[str]) -> Iterable[Acl]:
    for topic in written:
        for operation in WRITING:
            yield Acl(user, operation, "TOPIC", prefix + topic)
    for operation in ("READ", "DESCRIBE"):
        yield Acl(user, operation, "TOPIC", prefix + topics.read_prefix(agency), prefixed=True)
    yield Acl(user, "READ", "GROUP", f"{prefix}{agency}.", prefixed=True)


def _hub_acls(user: str, prefix: str, names: Names) -> Iterable[Acl]:
    for operation in ("READ", "DESCRIBE"):
        for name in (*names.inbound, names.heartbeats, names.access_reports):
            yield Acl(user, operation, "TOPIC", name)
    yield Acl(user, "WRITE", "TOPIC", names.access_reports)  # the console's own
    for operation in ("READ", "WRITE", "DESCRIBE"):
        yield Acl(user, operation, "TOPIC", f"{prefix}to.", prefixed=True)
        yield Acl(user, operation, "TOPIC", f"{prefix}hub.", prefixed=True)
    yield Acl(user, "READ", "GROUP", names.group, prefixed=True)
    for operation in ("WRITE", "DESCRIBE"):
        yield Acl(user, operation, "TRANSACTIONAL_ID", f"{prefix}dolen-lane-", prefixed=True)
        yield Acl(user, operation, "TRANSACTIONAL_ID", names.access_transactional_id)
