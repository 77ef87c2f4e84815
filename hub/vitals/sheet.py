"""Holds the figures of one moment for Prometheus, and leaves out what a label may not say."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from hub.vitals.figures import Bounds, Figure, Kind


class Sheet:
    """Figures and their values."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._values: dict[Figure, dict[tuple[str, ...], float]] = {}

    def put(self, figure: Figure, value: float, *labels: object) -> None:
        """Say one value, with `labels` in the figure's order.

        Where one is outside its set, nothing is said: a gap in a chart is better than a name in one.
        """
        said = tuple(map(str, labels))
        allowed = map(self._bounds.of, figure.labels)
        if all(each in values for each, values in zip(said, allowed, strict=True)):
            self._values.setdefault(figure, {})[said] = value

    def put_state(self, figure: Figure, state: str, states: Iterable[str], *labels: object) -> None:
        """Say 1 for the state that holds and 0 for the others."""
        for each in states:
            self.put(figure, each == state, *labels, each)

    def metrics(self) -> Iterator[Metric]:
        """As Prometheus's client library has them."""
        for figure, values in self._values.items():
            family = CounterMetricFamily if figure.kind is Kind.COUNTER else GaugeMetricFamily
            metric = family(figure.name, figure.meaning, labels=figure.labels)
            for labels, value in values.items():
                metric.add_metric(labels, value)
            yield metric
