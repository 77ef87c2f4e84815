"""Who may do what in Kafka follows from the network and the registry alone."""

import pytest

from contracts.kinds import Kind
from contracts.registry import REGISTRY
from contracts.topics import ACCESS_REPORTS, HEARTBEATS, INBOUND, Family
from hub.access import HUB, REDRIVE, Acl, access, families_of

AGENCIES = {"cardiff-education": Kind.EDUCATION, "south-wales-police": Kind.POLICE, "schools": Kind.SCHOOLS}


def wanted(prefix: str = "", replication: int = 1):
    return access(AGENCIES, REGISTRY, prefix=prefix, lanes=6, replication=replication)


def test_every_topic_has_the_same_number_of_partitions() -> None:
    assert {topic.partitions for topic in wanted().topics} == {6}


def test_every_topic_takes_the_brokers_time() -> None:
    assert {dict(topic.configuration)["message.timestamp.type"] for topic in wanted().topics} == {"LogAppendTime"}


def test_payloads_go_after_thirty_days_and_the_ledger_stays() -> None:
    kept = {topic.name for topic in wanted().topics if dict(topic.configuration)["retention.ms"] == "-1"}
    assert kept == {"hub.ledger.v1", "hub.dead-letters.v1", "hub.access.v1"}


def test_three_copies_ask_for_two_in_step() -> None:
    topic = wanted(replication=3).topics[0]
    assert (topic.replication, dict(topic.configuration)["min.insync.replicas"]) == (3, "2")


@pytest.mark.parametrize("agency", AGENCIES)
def test_an_agency_writes_only_what_its_role_publishes(agency: str) -> None:
    written = {acl.name for acl in wanted().acls if acl.user == agency and acl.operation == "WRITE"}
    families = {f"{family}.v1" for family in families_of(AGENCIES[agency], REGISTRY)}
    assert written == families | {HEARTBEATS} | ({ACCESS_REPORTS} if agency == "schools" else set())


@pytest.mark.parametrize("agency", AGENCIES)
def test_an_agency_reads_only_its_own_topics(agency: str) -> None:
    read = {(acl.resource, acl.name, acl.prefixed) for acl in wanted().acls if acl.user == agency}
    read = {acl for acl in read if acl[1] not in (*INBOUND, HEARTBEATS, ACCESS_REPORTS)}
    assert read == {("TOPIC", f"to.{agency}.", True), ("GROUP", f"{agency}.", True)}


def test_only_the_hub_reads_what_agencies_write() -> None:
    written = (*INBOUND, HEARTBEATS, ACCESS_REPORTS)
    readers = {acl.user for acl in wanted().acls if acl.operation == "READ" and acl.name in written}
    assert readers == {HUB}


def test_only_the_police_may_publish_notices() -> None:
    assert [kind for kind in Kind if Family.NOTICES in families_of(kind, REGISTRY)] == [Kind.POLICE]


def test_every_kind_can_answer_with_receipts() -> None:
    assert all(Family.RECEIPTS in families_of(kind, REGISTRY) for kind in Kind)


def test_a_prefix_is_before_every_name() -> None:
    made = wanted("t1.")
    names = [topic.name for topic in made.topics] + [acl.name for acl in made.acls] + [*made.users.values()]
    assert all(name.startswith("t1.") for name in names)


@pytest.mark.parametrize(
    ("acl", "covered"),
    [
        (Acl("anyone", "READ", "TOPIC", "referrals.v1"), True),
        (Acl("anyone", "READ", "TOPIC", "to.cardiff-education.referrals.v1"), True),
        (Acl("schools", "READ", "TOPIC", "elsewhere"), True),
        (Acl("anyone", "READ", "GROUP", "referrals.v1"), False),
        (Acl("anyone", "READ", "TOPIC", "elsewhere"), False),
        (Acl("anyone", "READ", "TOPIC", "other.to.cardiff-education.referrals.v1"), False),
    ],
)
def test_rules_about_our_users_or_names_are_ours_to_mend(acl: Acl, covered: bool) -> None:
    assert wanted().covers(acl) is covered


@pytest.mark.parametrize(
    ("acl", "exposed"),
    [
        (Acl("anyone", "READ", "TOPIC", "*"), True),
        (Acl("anyone", "READ", "TOPIC", "t", prefixed=True), True),
        (Acl("anyone", "READ", "TOPIC", "t"), False),
        (Acl("anyone", "READ", "GROUP", "*"), False),
    ],
)
def test_a_wide_rule_of_somebody_elses_that_reaches_our_topics_is_told(acl: Acl, exposed: bool) -> None:
    assert wanted().exposed_by(acl) is exposed


def test_the_user_that_sends_dead_letters_on_writes_what_agencies_write_and_reads_nothing() -> None:
    allowed = {(acl.operation, acl.resource, acl.name) for acl in wanted().acls if acl.user == REDRIVE}
    assert allowed == {(operation, "TOPIC", name) for operation in ("WRITE", "DESCRIBE") for name in INBOUND}


def test_besides_agencies_only_that_user_writes_what_agencies_write() -> None:
    writers = {acl.user for acl in wanted().acls if acl.operation == "WRITE" and acl.name in INBOUND}
    assert writers == {*AGENCIES, REDRIVE}
