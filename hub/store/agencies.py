"""What is known of each agency: when it last sent, what its adapters last said, and what it has not answered."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from contracts.parties import agency_of
from hub.store.tables import heartbeats, senders, tallies


@dataclass(frozen=True, slots=True)
class AdapterBeat:
    """The newest heartbeat of one adapter; ages are milliseconds at the moment of the heartbeat."""

    adapter: str
    received_ms: int
    at_ms: int
    started_ms: int
    outbox_waiting: int
    outbox_oldest_ms: int | None
    outbox_refused: int
    inbox_waiting: int
    inbox_oldest_ms: int | None
    parked_children: int
    parked: int
    unreached: int


@dataclass(frozen=True, slots=True)
class AgencyState:
    """One agency, as far as the topics tell."""

    agency: str
    last_sent_ms: int | None
    """Broker time of the newest record that it signed; None: it never sent."""
    sent: int
    turned_away: int
    """Of what it sent: refused or in conflict."""
    told: int
    unanswered: int
    """Of what it was told: nothing has come back yet."""
    unopened: int
    adapters: tuple[AdapterBeat, ...]

    @property
    def last_heard_ms(self) -> int | None:
        """Broker time of the newest sign of life."""
        heard = [beat.received_ms for beat in self.adapters]
        return max([*heard, *([self.last_sent_ms] if self.last_sent_ms is not None else [])], default=None)


def agencies(connection: Connection) -> list[AgencyState]:
    """Every agency that sent, was told or gave a heartbeat, by name; `unproven` senders and relations are left out."""
    sent = {row.agency: row for row in connection.execute(_SENT)}
    told: dict[str, list[int]] = {}
    for row in connection.execute(_TOLD):
        if row.recipient.startswith(NOBODY):
            continue
        sums = told.setdefault(agency_of(row.recipient), [0, 0, 0])
        for place, count in enumerate((row.told, row.unanswered, row.unopened)):
            sums[place] += int(count)
    beats: dict[str, list[AdapterBeat]] = {}
    for row in connection.execute(select(heartbeats).order_by(heartbeats.c.agency, heartbeats.c.adapter)):
        beat = row._asdict()
        beats.setdefault(beat.pop("agency"), []).append(AdapterBeat(**beat))
    return [
        AgencyState(
            agency=agency,
            last_sent_ms=sent[agency].last_ms if agency in sent else None,
            sent=int(sent[agency].events) if agency in sent else 0,
            turned_away=int(sent[agency].turned_away) if agency in sent else 0,
            told=told.get(agency, [0, 0, 0])[0],
            unanswered=told.get(agency, [0, 0, 0])[1],
            unopened=told.get(agency, [0, 0, 0])[2],
            adapters=tuple(beats.get(agency, ())),
        )
        for agency in sorted({*sent, *told, *beats} - {UNPROVEN})
    ]


NOBODY = "relation:"
"""How the recipient of a decision begins where a relation named nobody."""
UNPROVEN = "unproven"
"""Among senders: what nobody signed rightly. No agency is called so."""

_SENT = select(
    senders.c.agency,
    func.sum(senders.c.events).label("events"),
    func.coalesce(func.sum(senders.c.events).filter(senders.c.outcome.in_(("rejected", "conflict"))), 0).label(
        "turned_away"
    ),
    func.max(senders.c.last_ms).label("last_ms"),
).group_by(senders.c.agency)

_TOLD = select(
    tallies.c.recipient,
    func.sum(tallies.c.told).label("told"),
    func.sum(tallies.c.told - tallies.c.answered).label("unanswered"),
    func.sum(tallies.c.told - tallies.c.opened).label("unopened"),
).group_by(tallies.c.recipient)
