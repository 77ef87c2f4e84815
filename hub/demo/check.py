"""Counts what is in the topics after a run, and compares it with what was foreseen and with the policy.

It asks Kafka and the agencies' own systems: what the hub says of itself, in the ledger and in receipts, is one of the
things compared.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic_core import from_json

from contracts.identity import delivery_id
from contracts.parties import HUB, agency_of
from contracts.registry import REGISTRY
from contracts.topics import Family
from hub.dead_letter import DeadLetter
from hub.demo.counted import Check, Due
from hub.demo.ends import AtEnds, AtSystem, Events, Inbound, at_system, system_checks
from hub.demo.phrases import Phrase
from hub.ledger import GENESIS, LedgerEntry, record_hash
from hub.names import Names
from hub.offsets import Offsets
from hub.outcomes import Outcome
from hub.record import Coordinates, Record
from hub.route import route
from hub.scan import scan
from hub.settings import Settings
from hub.simulate.sender import Placed
from hub.simulate.stage import Stage


@dataclass(slots=True)
class Findings:
    """What the topics hold."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """Records by what the ledger says became of them."""
    delivered: Counter[str] = field(default_factory=Counter)
    """Notifications by recipient."""
    not_told: Counter[str] = field(default_factory=Counter)
    """Decisions not to tell, by reason."""
    letters: Counter[str] = field(default_factory=Counter)
    """Dead letters by fault code."""
    latencies_ms: list[int] = field(default_factory=list)
    """Of each notification of the run's second half: from the broker's time of the event to its own.

    In the first half a Kafka that has just been started still compiles itself: six times as slow at first.
    """
    systems: list[AtSystem] = field(default_factory=list)
    """What the agencies' systems said and have."""
    checks: list[Check] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether every number is right."""
        return all(check.right for check in self.checks)

    def percentile_ms(self, share: float) -> int:
        """A percentile of the latencies; 0 where there are none."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


async def count(settings: Settings, stage: Stage, placed: Sequence[Placed], at_ends: AtEnds | None = None) -> Findings:
    """Read every topic from its beginning, and count; the topics hold this run and nothing else.

    `placed` is what was sent directly; `at_ends` what the agencies' systems said and have, where there are some.
    """
    ends = at_ends.ends if at_ends is not None else ()
    names = Names(settings.topic_prefix)
    findings = Findings()
    inbound = Inbound(placed, ends)
    await _read(settings, names, dict.fromkeys(names.inbound, inbound))
    sent = inbound.sent
    told = _Told(stage, names, sent, findings, timed={str(each.at) for each in placed})
    ledger, letters = _Ledger(sent, findings), _Letters(sent, findings)
    counters: dict[str, _Counter] = dict.fromkeys(_outbound(names, stage.network.agencies), told)
    await _read(settings, names, counters | {names.ledger: ledger, names.dead_letters: letters})
    findings.checks = [*inbound.checks(), *ledger.checks(), *told.checks(), *letters.checks()]
    if at_ends is not None:
        events = Events(at_ends.played, inbound.types, ledger.accepted)
        due = {delivery: one for delivery, one in told.due.items() if str(one.placed.at) not in at_ends.before}
        findings.systems = [at_system(end, due, events) for end in ends]
        findings.checks += system_checks(findings.systems, ends, events)
    return findings


class _Counter(Protocol):
    """Counts the records of some topics."""

    def take(self, record: Record) -> None: ...

    def checks(self) -> Iterable[Check]: ...


async def _read(settings: Settings, names: Names, counters: Mapping[str, _Counter]) -> None:
    offsets = Offsets(settings.kafka_admin(), group=names.group, inbound=())
    ends = await offsets.stable_ends((topic, lane) for topic in counters for lane in range(settings.lanes))
    async for records in scan(settings.kafka_client(), ends):
        for record in records:
            counters[record.topic].take(record)


class _Ledger:
    """One record for each event, with the outcome foreseen, and the chain whole."""

    def __init__(self, sent: Mapping[str, Placed], findings: Findings) -> None:
        self._sent = sent
        self._findings = findings
        self._found: Counter[str] = Counter()
        self._foreseen = 0
        self._chained = 0
        self.accepted: Counter[str] = Counter()
        """Ids of events that the hub has taken."""
        self._heads: dict[int, tuple[int, str]] = {}

    def take(self, record: Record) -> None:
        value = record.value or b""
        entry = LedgerEntry.model_validate_json(value)
        at = str(Coordinates(entry.at.topic, entry.at.partition, entry.at.offset))
        self._found[at] += 1
        self._findings.outcomes[entry.outcome] += 1
        if entry.outcome == Outcome.ACCEPTED and entry.event.id is not None:
            self.accepted[entry.event.id] += 1
        self._findings.not_told.update(decision.reason for decision in entry.decisions if not decision.told)
        if (placed := self._sent.get(at)) is not None:
            self._foreseen += _is_foreseen(placed, entry.outcome, {fault.code for fault in entry.faults})
        number, before = self._heads.get(record.partition, (0, GENESIS))
        self._chained += (entry.number, entry.prev) == (number + 1, before)
        self._heads[record.partition] = entry.number, record_hash(value)

    def checks(self) -> Iterable[Check]:
        once = sum(times == 1 for at, times in self._found.items() if at in self._sent)
        yield Check(Phrase.CHECK_LEDGER, len(self._sent), once)
        yield Check(Phrase.CHECK_OUTCOMES, len(self._sent), self._foreseen)
        yield Check(Phrase.CHECK_CHAIN, self._found.total(), self._chained)


class _Told:
    """Each notification that the policy calls for, once, in its lane and in order, and no other; a receipt each."""

    def __init__(
        self, stage: Stage, names: Names, sent: Mapping[str, Placed], findings: Findings, *, timed: Container[str]
    ) -> None:
        """`timed`: where the records stand whose latency is measured."""
        self._sent = sent
        self._findings = findings
        self._timed = timed
        self.due = dict(_due(stage, names, sent.values()))
        """By the notification's id."""
        self._found: Counter[str] = Counter()
        self._receipts: Counter[str] = Counter()
        self._last: dict[tuple[str, int], int] = {}
        self._stray = 0
        self._out_of_order = 0
        times = sorted(each.time_ms for at, each in sent.items() if at in timed)
        self._warm_ms = times[len(times) // 2] if times else 0

    def take(self, record: Record) -> None:
        event: dict[str, Any] = from_json(record.value or b"")
        if event["source"] == HUB:
            about = event["data"]["record"]
            self._receipts[str(Coordinates(about["topic"], about["partition"], about["offset"]))] += 1
            return
        due = self.due.get(event["id"])
        if due is None or (due.topic, due.placed.at.partition) != (record.topic, record.partition):
            self._stray += 1
            return
        self._found[event["id"]] += 1
        self._findings.delivered[due.recipient] += 1
        if due.placed.time_ms >= self._warm_ms and str(due.placed.at) in self._timed:
            self._findings.latencies_ms.append(record.timestamp - due.placed.time_ms)
        place, offset = (record.topic, record.partition), due.placed.at.offset
        self._out_of_order += offset < self._last.get(place, 0)  # two schools share a topic: equal is in order
        self._last[place] = max(offset, self._last.get(place, 0))

    def checks(self) -> Iterable[Check]:
        yield Check(Phrase.CHECK_DELIVERED, len(self.due), sum(times == 1 for times in self._found.values()))
        yield Check(Phrase.CHECK_STRAY, 0, self._stray)
        yield Check(Phrase.CHECK_ORDER, 0, self._out_of_order)
        once = sum(times == 1 for at, times in self._receipts.items() if at in self._sent)
        yield Check(Phrase.CHECK_RECEIPTS, len(self._sent), once)


class _Letters:
    """One dead letter for each event that was turned away, with the fault foreseen."""

    def __init__(self, sent: Mapping[str, Placed], findings: Findings) -> None:
        self._sent = sent
        self._findings = findings
        self._found: Counter[str] = Counter()
        self._foreseen = 0

    def take(self, record: Record) -> None:
        letter = DeadLetter.model_validate_json(record.value or b"")
        self._found[letter.letter_id] += 1
        codes = {fault.code for fault in letter.faults}
        self._findings.letters[letter.faults[0].code] += 1
        if (placed := self._sent.get(letter.letter_id)) is not None and self._found[letter.letter_id] == 1:
            self._foreseen += _is_foreseen(placed, letter.outcome, codes)

    def checks(self) -> Iterable[Check]:
        away = sum(each.planned.expectation.fault is not None for each in self._sent.values())
        yield Check(Phrase.CHECK_LETTERS, away, self._foreseen)


def _due(stage: Stage, names: Names, placed: Iterable[Placed]) -> Iterable[tuple[str, Due]]:
    """What the policy calls for, by the notification's id, worked out anew from what was sent."""
    for each in placed:
        if each.planned.expectation.outcome is not Outcome.ACCEPTED:
            continue
        value = each.planned.value or b""
        kind = REGISTRY[from_json(value)["type"]]
        event = kind.model.model_validate_json(value)
        on = datetime.fromtimestamp(each.time_ms / 1000, UTC).date()
        decisions = route(event, policy=stage.policy, directory=stage.directory, network=stage.network, on=on)
        for decision in decisions:
            if decision.told:
                topic = names.outbound(agency_of(decision.recipient), kind.family)
                due = Due(decision.recipient, topic, each, event.source, event.subject, kind.family)
                yield delivery_id(event.source, event.id, decision.recipient), due


def _is_foreseen(placed: Placed, outcome: str, codes: set[str]) -> bool:
    expectation = placed.planned.expectation
    return expectation.outcome == outcome and (expectation.fault is None or expectation.fault in codes)


def _outbound(names: Names, agencies: Iterable[str]) -> list[str]:
    return [names.outbound(agency, family) for agency in agencies for family in Family]
