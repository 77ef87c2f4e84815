"""Decides what the cluster and the key files lack against what the network asks for, and mends it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.directory import Directory
from contracts.network import Network
from contracts.registry import REGISTRY
from hub.access import HUB, REDRIVE, Access, Acl, Topic, access
from hub.credentials import (
    ROTATE_BEFORE,
    AgencyFile,
    CredentialFiles,
    Key,
    current_key,
    ended,
    new_password,
    rotated,
)
from hub.errors import StartRefused
from hub.kafka_admin import Cluster, Shape
from hub.local.endpoints import add_hub_user
from hub.settings import Settings


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it has to be."""

    about: str
    """`topic`, `user`, `rule`, `key` or `file`."""
    name: str
    seen: str
    """What is missing or different; never a secret."""
    remedy: str = ""
    """Filled where provisioning does not mend it by itself, since mending could lose or disclose something."""


@dataclass(frozen=True, slots=True)
class Given:
    """What every agency is told besides its own secrets."""

    bootstrap_servers: str
    topic_prefix: str = ""


def provision(
    cluster: Cluster,
    wanted: Access,
    files: CredentialFiles,
    *,
    given: Given,
    now: datetime,
    mend: bool = True,
    rotate: Iterable[str] = (),
) -> list[Difference]:
    """Tell every difference, and mend it if `mend`; the second time there is nothing left to tell.

    Raises Unavailable where Kafka does not answer or refuses, StartRefused where a file is broken.
    """
    credentials = _Credentials(cluster, wanted, files, given=given, now=now, mend=mend)
    return [
        *_topics(cluster, wanted.topics, mend=mend),
        *credentials.keys(frozenset(rotate)),
        *credentials.own_keys(),
        *credentials.users(),
        *credentials.departed(),
        *_rules(cluster, wanted, mend=mend),
    ]


def provision_network(settings: Settings, *, mend: bool = True, rotate: Iterable[str] = ()) -> list[Difference]:
    """Provision the network that the settings name, as the administrator that they name."""
    directory = Directory.of(settings.schools_csv)
    network = Network.load(settings.network, directory)
    _refuse_strangers(rotate, network)
    wanted = access(
        {agency: organisation.kind for agency, organisation in network.organisations.items()},
        REGISTRY,
        prefix=settings.topic_prefix,
        lanes=settings.lanes,
        replication=settings.kafka.replication,
    )
    differences = provision(
        Cluster(administrator(settings)),
        wanted,
        CredentialFiles(settings.state_dir),
        given=Given(settings.kafka.bootstrap_servers, settings.topic_prefix),
        now=datetime.now(UTC),
        mend=mend,
        rotate=rotate,
    )
    if mend:
        add_hub_user(settings.state_dir)
    return differences


def administrator(settings: Settings) -> dict[str, Any]:
    """librdkafka's arguments to sign in as the administrator; raises StartRefused where none is named."""
    admin = settings.kafka.admin
    if admin is None:
        raise StartRefused(
            "provisioning needs Kafka's administrator: start the local stack with `dolen up`, or set "
            "DOLEN_KAFKA__ADMIN__USERNAME and DOLEN_KAFKA__ADMIN__PASSWORD"
        )
    return {
        **settings.kafka_admin(),
        "security.protocol": "SASL_SSL" if settings.kafka.ssl_ca else "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": admin.username,
        "sasl.password": admin.password.get_secret_value(),
    }


def refuse_unmended(differences: Iterable[Difference]) -> None:
    """Raise StartRefused for what provisioning left as it was."""
    left: dict[tuple[str, str, str], list[str]] = {}
    for each in differences:
        if each.remedy:
            left.setdefault((each.about, each.seen, each.remedy), []).append(each.name)
    if left:
        raise StartRefused("\n".join(_several(names, *kind) for kind, names in left.items()))


def _refuse_strangers(agencies: Iterable[str], network: Network) -> None:
    for agency in agencies:
        if agency not in network.organisations:
            raise StartRefused(f"no agency {agency!r} in the network; `dolen directory show` names those there are")


def _topics(cluster: Cluster, wanted: Iterable[Topic], *, mend: bool) -> Iterator[Difference]:
    there = cluster.topics()
    missing = [topic for topic in wanted if topic.name not in there]
    known = [topic for topic in wanted if topic.name in there]
    yield from (Difference("topic", topic.name, "missing") for topic in missing)
    for topic in known:
        yield from _shape(topic, there[topic.name])
    yield from _configurations(cluster, known, mend=mend)
    if missing and mend:
        cluster.make_topics(missing)


def _shape(topic: Topic, shape: Shape) -> Iterator[Difference]:
    """Partition and replica counts: a lane is partition p of every topic, so one that differs breaks the order."""
    if shape.partitions != topic.partitions:
        yield Difference(
            "topic",
            topic.name,
            f"{shape.partitions} partitions, not {topic.partitions}",
            remedy="set DOLEN_LANES to what the topics have, or begin with new topics: adding partitions would move "
            "children to other lanes and lose their order",
        )
    if shape.replication != topic.replication:
        yield Difference(
            "topic",
            topic.name,
            f"{shape.replication} copies, not {topic.replication}",
            remedy="move it with kafka-reassign-partitions, or set DOLEN_KAFKA__REPLICATION to what it has",
        )


def _configurations(cluster: Cluster, topics: Iterable[Topic], *, mend: bool) -> Iterator[Difference]:
    found = cluster.configurations(topic.name for topic in topics)
    changes: dict[str, dict[str, str]] = {}
    for topic in topics:
        for name, value in topic.configuration:
            seen = found[topic.name][name]
            if seen != value:
                yield Difference("topic", topic.name, f"{name} is {seen}, not {value}")
                changes.setdefault(topic.name, {})[name] = value
    if changes and mend:
        cluster.configure(changes)


def _rules(cluster: Cluster, wanted: Access, *, mend: bool) -> Iterator[Difference]:
    found = cluster.acls()
    missing = sorted(wanted.acls - {each.acl for each in found if each.host == "*"})
    surplus = [each for each in found if wanted.covers(each.acl) and (each.host != "*" or each.acl not in wanted.acls)]
    yield from (Difference("rule", acl.user, f"missing: {_said(acl)}") for acl in missing)
    yield from (Difference("rule", each.acl.user, f"surplus: {_said(each.acl)}") for each in surplus)
    for each in found:
        if wanted.exposed_by(each.acl):
            yield Difference("rule", each.acl.user, f"reaches our topics: {_said(each.acl)}", remedy="take it away")
    if surplus and mend:
        cluster.remove(surplus)
    if missing and mend:
        cluster.allow(missing)


class _Credentials:
    """Users, keys and files, which have to agree."""

    def __init__(
        self,
        cluster: Cluster,
        wanted: Access,
        files: CredentialFiles,
        *,
        given: Given,
        now: datetime,
        mend: bool,
    ) -> None:
        self._cluster, self._files, self._given, self._now, self._mend = cluster, files, given, now, mend
        self._users = wanted.users
        self._agencies = [agency for agency in wanted.users if agency not in (HUB, REDRIVE)]

    def keys(self, rotate: frozenset[str]) -> Iterator[Difference]:
        before = keys = self._files.keys()
        for agency in self._agencies:
            due = _due(current_key(keys, agency, self._now), now=self._now, asked=agency in rotate)
            if due:
                yield Difference("key", agency, due)
                keys = rotated(keys, agency, self._now)
        if self._mend and keys != before:
            self._files.write_keys(keys)  # before the agency's file: the hub has to know a key before it is used

    def own_keys(self) -> Iterator[Difference]:
        """The hub's own keys: what signs checkpoints of the ledger, and what attests re-drives."""
        for path in self._files.own_keys():
            if not path.exists():
                yield Difference("key", path.name, "missing")
                if self._mend:
                    self._files.write_own_key(path)

    def users(self) -> Iterator[Difference]:
        known = self._cluster.users(self._users.values())
        passwords: dict[str, str] = {}
        for agency, user in self._users.items():
            on_file = self._password(agency, user)
            if user not in known or on_file is None:
                yield Difference("user", user, "missing" if user not in known else "its password is not on file")
                passwords[user] = on_file or new_password()
        if passwords and self._mend:
            self._cluster.set_passwords(passwords)
        yield from self._hub_file(passwords)
        yield from self._redrive_file(passwords)
        for agency in self._agencies:
            yield from self._agency_file(agency, passwords)

    def departed(self) -> Iterator[Difference]:
        """Agencies that have a file and take part no longer."""
        for agency in self._files.agencies():
            file = self._files.agency(agency)
            if agency in self._users or file is None:
                continue
            yield Difference("user", file.username, "not in the network: its user, keys and file go")
            if self._mend:
                self._cluster.remove_users([file.username])
                self._files.write_keys(ended(self._files.keys(), agency, self._now))
                self._files.remove_agency(agency)

    def _password(self, agency: str, user: str) -> str | None:
        """The password on file, where the file is for this user."""
        if agency == HUB:
            return _of_user(user, self._files.hub())
        if agency == REDRIVE:
            return _of_user(user, self._files.redrive())
        file = self._files.agency(agency)
        return file.password if file is not None and file.username == user else None

    def _hub_file(self, passwords: Mapping[str, str]) -> Iterator[Difference]:
        user, there = self._users[HUB], self._files.hub()
        if there is not None and passwords.get(user, there["password"]) == there["password"]:
            return
        yield Difference("file", self._files.hub_path.name, "missing" if there is None else "outdated")
        if self._mend:
            secret = new_password() if there is None else there["marks_secret"]
            self._files.write_hub(username=user, password=passwords[user], marks_secret=secret)

    def _redrive_file(self, passwords: Mapping[str, str]) -> Iterator[Difference]:
        user, there = self._users[REDRIVE], self._files.redrive()
        if there is not None and passwords.get(user, there["password"]) == there["password"]:
            return
        yield Difference("file", self._files.redrive_path.name, "missing" if there is None else "outdated")
        if self._mend:
            self._files.write_redrive(username=user, password=passwords[user])

    def _agency_file(self, agency: str, passwords: Mapping[str, str]) -> Iterator[Difference]:
        user, there = self._users[agency], self._files.agency(agency)
        key = current_key(self._files.keys(), agency, self._now)
        if there is not None and key is None:
            return  # a check alone comes here: the key that is due is told of already
        wanted = AgencyFile(
            agency=agency,
            bootstrap_servers=self._given.bootstrap_servers,
            username=user,
            password=passwords.get(user) or (there.password if there is not None else ""),
            topic_prefix=self._given.topic_prefix,
            key_id=key.id if key is not None else "",
            key_secret=key.secret if key is not None else "",
        )
        if wanted != there:
            yield Difference("file", self._files.agency_path(agency).name, "missing" if there is None else "outdated")
            if self._mend:
                self._files.write_agency(wanted)


def _of_user(user: str, there: Mapping[str, str] | None) -> str | None:
    return there["password"] if there is not None and there["username"] == user else None


def _due(key: Key | None, *, now: datetime, asked: bool) -> str:
    """Why a new key is due; empty where none is."""
    if key is None:
        return "no valid key"
    if key.valid_to - now < ROTATE_BEFORE:
        return f"its key ends on {key.valid_to:%Y-%m-%d}"
    return "rotation was asked for" if asked else ""


def _several(names: list[str], about: str, seen: str, remedy: str) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{about} {names[0]}{more}: {seen}; {remedy}"


def _said(acl: Acl) -> str:
    return f"{acl.operation} {acl.resource.lower()} {acl.name}{'*' if acl.prefixed else ''}"
