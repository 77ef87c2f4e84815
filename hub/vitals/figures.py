"""Every figure that a process of ours exports, once: its name, what it counts, and which labels it has.

A label says one of a closed set of values, which the network, the settings or an enumeration give: never a person, an
identifier, anything of a payload, or a text that somebody sent. Dashboard and alerts are held to this list.
"""

from dataclasses import dataclass
from enum import StrEnum

from contracts.faults import FaultCode
from contracts.topics import ACCESS_LOG, DEAD_LETTERS, HEARTBEATS, LEDGER, Family
from hub.outcomes import Outcome


class Kind(StrEnum):
    """What Prometheus may do with a figure."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Label(StrEnum):
    """Every label that a figure can have."""

    LANE = "lane"
    FAMILY = "family"
    OUTCOME = "outcome"
    CODE = "code"
    STATE = "state"
    AGENCY = "agency"
    TOPIC = "topic"
    SERVER = "server"
    AGE = "age"
    WHAT = "what"


class Server(StrEnum):
    """What a process depends on."""

    KAFKA = "kafka"
    REDIS = "redis"
    POSTGRESQL = "postgresql"
    STORE = "store"
    """An adapter's own database."""
    SYSTEM = "system"
    """What an adapter stands before: an agency's system, or the portal's store."""


class Age(StrEnum):
    """How old something is, in whole days of UTC."""

    TODAY = "today"
    DAYS_1_TO_6 = "1-6-days"
    DAYS_7_TO_29 = "7-29-days"
    DAYS_30_AND_MORE = "30-days-and-more"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; Prometheus adds `_total` to a counter's name, and `_bucket`, `_sum`, `_count` to a histogram's."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[Label, ...] = ()

    @property
    def series(self) -> frozenset[str]:
        """The names under which it is asked for."""
        match self.kind:
            case Kind.COUNTER:
                return frozenset({f"{self.name}_total"})
            case Kind.HISTOGRAM:
                return frozenset(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
            case _:
                return frozenset({self.name})


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the labels of one hub may say."""

    lanes: int
    agencies: frozenset[str]

    def of(self, label: Label) -> frozenset[str]:
        """A label's values."""
        match label:
            case Label.LANE:
                return frozenset(map(str, range(self.lanes)))
            case Label.AGENCY:
                return self.agencies
            case _:
                return _FIXED[label]


_FIXED = {
    Label.FAMILY: frozenset[str](Family),
    Label.OUTCOME: frozenset[str](Outcome),
    Label.CODE: frozenset[str](FaultCode),
    Label.STATE: frozenset({"taking-over", "working", "waiting", "standby", "lost", "in-doubt", "stopped"}),
    Label.TOPIC: frozenset({LEDGER, DEAD_LETTERS, ACCESS_LOG, HEARTBEATS}),
    Label.SERVER: frozenset[str](Server),
    Label.AGE: frozenset[str](Age),
    Label.WHAT: frozenset({"unreadable", "chain", "answer-of-another"}),
}


def _gauge(name: str, meaning: str, *labels: Label) -> Figure:
    return Figure(name, Kind.GAUGE, meaning, labels)


def _counter(name: str, meaning: str, *labels: Label) -> Figure:
    return Figure(name, Kind.COUNTER, meaning, labels)


SERVER_UP = _gauge(
    "dolen_server_up", "1 where the process reached the server when it last looked, else 0", Label.SERVER
)
LAST_LOOK = _gauge("dolen_last_look_timestamp_seconds", "When the process last looked at its servers and tables")

LANE_STATE = _gauge("dolen_lane_state", "1 for what a lane of this worker is doing, else 0", Label.LANE, Label.STATE)
LANE_WAITING = _gauge("dolen_lane_waiting_records", "Inbound records that the hub has not committed", Label.LANE)
LANE_STANDING = _gauge(
    "dolen_lane_standing_seconds",
    "For how long a lane has had something to do and committed nothing; 0 where it moves or rests",
    Label.LANE,
)
LANE_LAST_COMMIT = _gauge(
    "dolen_lane_last_commit_timestamp_seconds", "When this worker last committed a batch of the lane", Label.LANE
)
BATCH_SECONDS = Figure(
    "dolen_batch_seconds", Kind.HISTOGRAM, "From a batch's records in hand to its commit", (Label.LANE,)
)
EVENTS = _counter("dolen_events", "Inbound records committed, by what they came to", Label.FAMILY, Label.OUTCOME)
NOTIFICATIONS = _counter("dolen_notifications", "Notifications written for recipients", Label.FAMILY)
FAULTS = _counter("dolen_faults", "Events turned away, once for each reason that was given", Label.CODE)

PROJECTOR_STATE = _gauge("dolen_projector_state", "1 for what the projector is doing, else 0", Label.STATE)
PROJECTOR_WAITING = _gauge(
    "dolen_projector_waiting_offsets", "Offsets that the tables don't have yet", Label.TOPIC, Label.LANE
)
PROJECTOR_LAST_COMMIT = _gauge("dolen_projector_last_commit_timestamp_seconds", "When the projector last wrote a batch")
PROJECTOR_LAST_BATCH = _gauge("dolen_projector_last_batch_seconds", "How long the last batch took to be written")
PROJECTOR_RECORDS = _counter("dolen_projector_records", "Records written into the tables")

TRACES_STATE = _gauge("dolen_traces_state", "1 for what the export of traces is doing, else 0", Label.STATE)
TRACES_WAITING = _gauge(
    "dolen_traces_waiting_offsets", "Offsets in the tables that the collector doesn't have yet", Label.LANE
)
TRACES_LAST_EXPORT = _gauge("dolen_traces_last_export_timestamp_seconds", "When the collector last took something")
TRACES_RECORDS = _counter("dolen_traces_records", "Ledger records exported")
TRACES_SPANS = _counter("dolen_traces_spans", "Spans exported")

AGENCY_LAST_HEARTBEAT = _gauge(
    "dolen_agency_last_heartbeat_timestamp_seconds", "When the agency's quietest adapter was last heard", Label.AGENCY
)
AGENCY_LAST_SENT = _gauge(
    "dolen_agency_last_sent_timestamp_seconds", "When the newest record that the agency signed came", Label.AGENCY
)
OUTBOX_WAITING = _gauge("dolen_agency_outbox_waiting", "Events without the hub's receipt", Label.AGENCY)
OUTBOX_OLDEST = _gauge("dolen_agency_outbox_oldest_seconds", "Age of the oldest of them, as last said", Label.AGENCY)
OUTBOX_REFUSED = _gauge(
    "dolen_agency_outbox_refused", "Records not translated and events rejected, which a person mends", Label.AGENCY
)
INBOX_WAITING = _gauge("dolen_agency_inbox_waiting", "Notifications stored and not yet delivered", Label.AGENCY)
INBOX_OLDEST = _gauge("dolen_agency_inbox_oldest_seconds", "Age of the oldest of them, as last said", Label.AGENCY)
PARKED = _gauge("dolen_agency_parked", "Notifications that stand behind a failed one", Label.AGENCY)
UNREACHED = _gauge(
    "dolen_agency_unreached", "Systems and contacts told no more: what was sent there came back", Label.AGENCY
)
PARKED_CHILDREN = _gauge("dolen_agency_parked_children", "Children whose notifications stand so", Label.AGENCY)
UNANSWERED = _gauge("dolen_agency_unanswered", "Notifications from which nothing came back yet", Label.AGENCY)
UNOPENED = _gauge(
    "dolen_unopened_notifications",
    "Notifications that nobody has opened, by their event's day",
    Label.FAMILY,
    Label.AGE,
)

BALANCE_OFF = _gauge("dolen_balance_off", "By how much sums that must agree differ: accepted, told, not told, dead")
ODD_RECORDS = _gauge("dolen_odd_records", "Records of the hub's own topics that are not as it writes them", Label.WHAT)
LETTERS_EXPIRING = _gauge("dolen_dead_letters_expiring", "Dead letters whose payload is gone within five days")
REFUSED = _gauge("dolen_refused_notifications", "Notifications of the last day that their recipient refused")
UNSIGNED_REPORTS = _gauge("dolen_unsigned_access_reports", "Access reports of the last day that count for nothing")

FIGURES = tuple(each for each in list(globals().values()) if isinstance(each, Figure))
"""All of them."""
