"""Every topic's name, once: what agencies write, what each agency reads, what the hub keeps."""

from enum import StrEnum


class Family(StrEnum):
    """The families of events: one inbound topic each, shared by all agencies and read by the hub alone."""

    REFERRALS = "referrals"
    STRATEGY_DISCUSSIONS = "strategy-discussions"
    ENQUIRIES = "enquiries"
    CONFERENCES = "conferences"
    REGISTER_CHANGES = "register-changes"
    CIRCUMSTANCES = "circumstances"
    NOTICES = "notices"
    RECEIPTS = "receipts"


DAY_MS = 24 * 60 * 60 * 1000

PAYLOAD_RETENTION_MS = 30 * DAY_MS
"""The hub is not the record: a payload lives in a topic for 30 days."""

LEDGER_RETENTION_MS = -1
"""The ledger and the dead letters hold no payload, and are kept."""

LEDGER = "hub.ledger.v1"
"""One record for each inbound event: what was decided, for whom, by which rule. Hub only."""

DEAD_LETTERS = "hub.dead-letters.v1"
"""Fault codes, field paths and coordinates of what could not be taken. Hub only."""

HEARTBEATS = "heartbeats.v1"
"""What adapters say of themselves; every agency writes, the hub alone reads. No events, so no lane reads it."""

HEARTBEAT_RETENTION_MS = DAY_MS

ACCESS_REPORTS = "access.v1"
"""Who looked at what, as the schools' portal and the console report it; the hub alone reads, and chains it."""

ACCESS_LOG = "hub.access.v1"
"""Access records in the hub's keeping, chained by hash as the ledger is. Hub only."""

INBOUND: tuple[str, ...] = tuple(f"{family}.v1" for family in Family)
"""The topics that agencies write, in the order of the procedure."""

FAMILY_OF_TOPIC: dict[str, Family] = {f"{family}.v1": family for family in Family}

DEADLINES = "deadlines"
"""On the `to` side only: what the hub's clocks say."""


def inbound(family: Family) -> str:
    """Name of the topic on which agencies publish a family."""
    return f"{family}.v1"


def outbound(agency: str, family: str) -> str:
    """Name of the topic on which one agency, and no other, reads a family."""
    return f"to.{agency}.{family}.v1"


def read_prefix(agency: str) -> str:
    """The ACL prefix of all that one agency may read; the full stop at its end keeps `a` out of `a-b`."""
    return f"to.{agency}."


def outbound_topics(agency: str) -> tuple[str, ...]:
    """All topics that one agency reads."""
    return (*(outbound(agency, family) for family in Family), outbound(agency, DEADLINES))
