"""`dolen bench` measures the hub as before, and `dolen bench adapters` is a command below it."""

import pytest
from typer.testing import CliRunner

from hub.bench.edges import report as edges
from hub.commands import bench, bench_adapters

MEASUREMENTS = {"hub": (bench, "measure"), "edges": (edges, "measure_edges"), "inbox": (edges, "measure_inbox")}


class Began(Exception):
    """A measurement began."""


@pytest.mark.parametrize(
    ("words", "measured"),
    [
        (["--events", "2000"], "hub"),
        (["adapters", "--events", "500"], "edges"),
        (["adapters", "--waiting", "30000"], "inbox"),
    ],
)
def test_each_form_begins_its_own_measurement(monkeypatch: pytest.MonkeyPatch, words: list[str], measured: str) -> None:
    def begins(what: str) -> object:
        def begin(*_: object, **__: object) -> None:
            raise Began(what)

        return begin

    monkeypatch.setattr(bench_adapters, "configure_log", lambda **_: None)  # to a stream that the runner closes
    for what, (module, name) in MEASUREMENTS.items():
        monkeypatch.setattr(module, name, begins(what))
    said = CliRunner().invoke(bench.app, words)
    assert isinstance(said.exception, Began), said.output
    assert said.exception.args == (measured,)
