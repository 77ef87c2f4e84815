"""Repeats are known under every order of claims, commits, crashes, and losses of Redis: a machine against a model."""

import copy
from dataclasses import dataclass, field
from hashlib import sha256

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.dedupe import Claim, Marks, Verdict
from hub.record import Coordinates

TOPIC = "referrals.v1"
MARKS = Marks(b"secret", (TOPIC,))
LANES = range(2)
SOURCE = "/agencies/cardiff-education"


@dataclass
class Redis:
    """What hub/claim.lua works on, and what it does."""

    epoch: int | None = None
    watermarks: dict[int, int] = field(default_factory=dict)
    marks: dict[bytes, bytes] = field(default_factory=dict)

    def claim(self, claims: list[Claim], *, lane: int, epoch: int | None, committed: int, upto: int) -> list | None:
        if self.epoch is None or self.epoch != epoch or self.watermarks.get(lane, 0) < committed:
            return None
        self.watermarks[lane] = max(upto, self.watermarks.get(lane, 0))
        found = []
        for claim in claims:
            found.append(self.marks.get(claim.key))
            self.marks.setdefault(claim.key, claim.mark)
        return found


@dataclass(frozen=True)
class Entry:
    """A ledger record."""

    at: Coordinates
    name: str
    digest: bytes
    verdict: Verdict
    first: Coordinates | None


@dataclass
class Flight:
    """A lane's batch between its claim and its end."""

    entries: list[Entry]
    upto: int
    epoch: int | None
    checked: bool = False


class Dedupe(RuleBasedStateMachine):
    """Two lanes, one Redis that forgets, one ledger that doesn't."""

    def __init__(self):
        super().__init__()
        self.inbound: dict[int, list[tuple[str, bytes]]] = {lane: [] for lane in LANES}
        self.committed = dict.fromkeys(LANES, 0)
        self.epoch_of: dict[int, int | None] = dict.fromkeys(LANES)
        self.flights: dict[int, Flight] = {}
        self.redis = Redis()
        self.snapshot = Redis()
        self.ledger: list[Entry] = []
        self.epochs = 0

    @rule(lane=st.sampled_from(LANES), name=st.sampled_from("xyz"), content=st.sampled_from([b"a", b"a", b"b"]))
    def an_event_arrives(self, lane, name, content):
        self.inbound[lane].append((name, sha256(content).digest()))

    @rule(lane=st.sampled_from(LANES), count=st.integers(1, 4))
    def a_lane_claims(self, lane, count):
        if lane in self.flights:
            return
        start = self.committed[lane]
        records = self.inbound[lane][start : start + count]
        if not records:
            return
        ats = [Coordinates(TOPIC, lane, start + place) for place in range(len(records))]
        claims = [
            MARKS.claim(source=SOURCE, event_id=name, digest=digest, at=at)
            for at, (name, digest) in zip(ats, records, strict=True)
        ]
        upto = start + len(records)
        found = self._claimed(lane, claims, start, upto)
        entries = [
            _entry(at, *record, claim, mark)
            for at, record, claim, mark in zip(ats, records, claims, found, strict=True)
        ]
        self.flights[lane] = Flight(entries, upto, self.epoch_of[lane])

    @precondition(lambda self: self.flights)
    @rule(data=st.data())
    def a_lane_checks_the_epoch(self, data):
        lane = data.draw(st.sampled_from(sorted(self.flights)))
        flight = self.flights[lane]
        if self.redis.epoch == flight.epoch:
            flight.checked = True
        else:
            del self.flights[lane]

    @precondition(lambda self: any(flight.checked for flight in self.flights.values()))
    @rule(data=st.data())
    def a_lane_commits(self, data):
        lane = data.draw(st.sampled_from(sorted(lane for lane in self.flights if self.flights[lane].checked)))
        self._commit(lane)

    @precondition(lambda self: self.flights)
    @rule(data=st.data())
    def a_lane_crashes(self, data):
        lane = data.draw(st.sampled_from(sorted(self.flights)))
        del self.flights[lane]
        self.epoch_of[lane] = None

    @rule()
    def redis_is_emptied(self):
        self.redis = Redis()

    @rule()
    def redis_is_copied(self):
        self.snapshot = copy.deepcopy(self.redis)

    @rule()
    def redis_comes_back_as_it_was(self):
        """A restart drops every connection: each lane looks at the watermarks before it claims again."""
        self.redis = copy.deepcopy(self.snapshot)
        self.epoch_of = dict.fromkeys(LANES)
        self.flights = {lane: flight for lane, flight in self.flights.items() if flight.checked}

    @rule(name=st.sampled_from("xyz"), forged=st.binary(min_size=46, max_size=46))
    def somebody_writes_a_mark(self, name, forged):
        self.redis.marks[MARKS.claim(source=SOURCE, event_id=name, digest=b"\0" * 32, at=_NOWHERE).key] = forged

    @invariant()
    def nothing_is_accepted_twice(self):
        accepted = [entry.name for entry in self.ledger if entry.verdict is Verdict.FIRST]
        assert len(accepted) == len(set(accepted)), self.ledger

    @invariant()
    def every_record_has_one_entry(self):
        places = [entry.at for entry in self.ledger]
        assert len(places) == len(set(places))

    def teardown(self):
        """Everything is read: each identity was accepted once, and what is a repeat of it was told apart rightly."""
        for lane in [*self.flights]:
            if self.flights[lane].checked:
                self._commit(lane)
        self.flights.clear()
        for lane in LANES:
            while self.committed[lane] < len(self.inbound[lane]):
                self.a_lane_claims(lane, 3)
                self.flights[lane].checked = True
                self._commit(lane)
        self.nothing_is_accepted_twice()
        self.every_record_has_one_entry()
        accepted = {entry.name for entry in self.ledger if entry.verdict is Verdict.FIRST}
        assert accepted == {name for records in self.inbound.values() for name, _ in records}
        for entry in self.ledger:
            if entry.first is not None:
                name, digest = self.inbound[entry.first.partition][entry.first.offset]
                assert name == entry.name
                assert (digest == entry.digest) == (entry.verdict is Verdict.DUPLICATE)

    def _claimed(self, lane: int, claims: list[Claim], start: int, upto: int) -> list:
        """Claim as a lane does: connect, rebuild where Redis lost writes or holds marks that aren't the hub's."""
        while True:
            found = self.redis.claim(claims, lane=lane, epoch=self.epoch_of[lane], committed=start, upto=upto)
            if found is None:
                self._connect(lane)
                continue
            foreign = [
                claim
                for claim, mark in zip(claims, found, strict=True)
                if mark is not None and MARKS.judge(claim, mark) is Verdict.TAMPERED
            ]
            if not foreign:
                return found
            for claim in foreign:
                self.redis.marks.pop(claim.key, None)
            self.redis.epoch = None  # what was written over may have been the hub's

    def _connect(self, lane: int) -> None:
        behind = any(self.redis.watermarks.get(each, 0) < self.committed[each] for each in LANES)
        if self.redis.epoch is None or behind:
            self._rebuild()
        self.epoch_of[lane] = self.redis.epoch

    def _rebuild(self) -> None:
        """The epoch goes first; then what has passed its check is waited for; then the ledger is read."""
        self.redis.epoch = None
        for lane in [*self.flights]:
            if self.flights[lane].checked:
                self._commit(lane)
        for entry in self.ledger:
            if entry.verdict is Verdict.FIRST:
                claim = MARKS.claim(source=SOURCE, event_id=entry.name, digest=entry.digest, at=entry.at)
                self.redis.marks[claim.key] = claim.mark
        self.redis.watermarks = dict(self.committed)
        self.epochs += 1
        self.redis.epoch = self.epochs

    def _commit(self, lane: int) -> None:
        flight = self.flights.pop(lane)
        self.ledger += flight.entries
        self.committed[lane] = flight.upto


_NOWHERE = Coordinates(TOPIC, 0, 0)


def _entry(at: Coordinates, name: str, digest: bytes, claim: Claim, found: bytes | None) -> Entry:
    verdict = MARKS.judge(claim, found)
    first = MARKS.first(found) if found is not None and verdict is not Verdict.FIRST else None
    return Entry(at, name, digest, verdict, first)


Dedupe.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestDedupe = Dedupe.TestCase
