"""Reads what a process says of itself, as Prometheus and a prober do; and holds it to what figures may say."""

import time
from collections.abc import Iterable, Iterator

import httpx
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from hub.vitals.figures import FIGURES, Bounds, Kind

DECLARED = {name: figure for figure in FIGURES for name in figure.series}
"""Every name that can be asked for."""
Sample = tuple[str, dict[str, str], float]
OF_THE_PROCESS = "process_"
"""What Prometheus's client library says of the process itself, without labels."""


class Watched:
    """A process that serves figures and health on a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"

    def text(self) -> str:
        """A scrape."""
        return httpx.get(f"{self.address}/metrics", timeout=10).text

    def value(self, name: str, **labels: str) -> float | None:
        """One series; None where it isn't said."""
        return next((value for own, with_, value in samples(self.text()) if (own, with_) == (name, labels)), None)

    def get(self, page: str) -> httpx.Response:
        return httpx.get(f"{self.address}/{page}", timeout=10)

    def until(self, page: str, status: int, within_s: float = 60.0) -> httpx.Response:
        """Ask until the page answers so."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                answer = self.get(page)
                seen = f"{answer.status_code} {answer.text}"
                if answer.status_code == status:
                    return answer
            except httpx.TransportError as failure:
                seen = repr(failure)
            assert time.monotonic() < deadline, f"{page} never answered {status}, but {seen}"
            time.sleep(0.1)


def samples(text: str) -> Iterator[Sample]:
    """All series of a scrape."""
    return samples_of(text_string_to_metric_families(text))


def samples_of(metrics: Iterable[Metric]) -> Iterator[Sample]:
    """All series of what a collector says."""
    for metric in metrics:
        for sample in metric.samples:
            yield sample.name, sample.labels, sample.value


def by_labels(found: Iterable[Sample]) -> dict[tuple[str, ...], float]:
    """Values, by a series' name and what its labels say."""
    return {(name, *labels.values()): value for name, labels, value in found}


def strays(found: Iterable[Sample], bounds: Bounds) -> list[str]:
    """Series that are not declared, or with a label or a value that is not."""
    return [
        f"{name} {labels}"
        for name, labels, _ in found
        if not (name.startswith(OF_THE_PROCESS) and not labels) and not _declared(DECLARED.get(name), labels, bounds)
    ]


def _declared(figure, labels: dict[str, str], bounds: Bounds) -> bool:
    if figure is None:
        return False
    own = {name: value for name, value in labels.items() if not (name == "le" and figure.kind is Kind.HISTOGRAM)}
    return own.keys() == set(figure.labels) and all(own[label] in bounds.of(label) for label in figure.labels)
