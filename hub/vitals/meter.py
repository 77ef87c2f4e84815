"""Counts what this worker's lanes do, at each commit: nothing is counted that could still be undone."""

from itertools import product

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from contracts.faults import FaultCode
from contracts.topics import Family
from hub.outcomes import Outcome
from hub.tally import Tally
from hub.vitals.figures import BATCH_SECONDS, EVENTS, FAULTS, NOTIFICATIONS, Figure

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Meter:
    """Counters of one process; each stands at zero from the start, so that the first of a kind shows as a rise."""

    def __init__(self, registry: CollectorRegistry) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # they would double every counter
        self._batches = Histogram(*_named(BATCH_SECONDS), buckets=BUCKETS_S, registry=registry)
        self._events = Counter(*_named(EVENTS), registry=registry)
        self._notifications = Counter(*_named(NOTIFICATIONS), registry=registry)
        self._faults = Counter(*_named(FAULTS), registry=registry)
        for family, outcome in product(Family, Outcome):
            self._events.labels(family.value, outcome.value)
        for family in Family:
            self._notifications.labels(family.value)
        for code in FaultCode:
            self._faults.labels(code.value)

    def committed(self, tally: Tally) -> None:
        """What a batch came to."""
        for (family, outcome), count in tally.events.items():
            self._events.labels(family.value, outcome.value).inc(count)
        for family, count in tally.notifications.items():
            self._notifications.labels(family.value).inc(count)
        for code, count in tally.faults.items():
            self._faults.labels(code.value).inc(count)

    def took(self, lane: int, seconds: float) -> None:
        """From a batch's records in hand to its commit."""
        self._batches.labels(str(lane)).observe(seconds)


def _named(figure: Figure) -> tuple[str, str, tuple[str, ...]]:
    return figure.name, figure.meaning, figure.labels
