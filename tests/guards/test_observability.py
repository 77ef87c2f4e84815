"""Alarms, dashboard, collector and their documents ask for what the code says, and for nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from hub.vitals.figures import FIGURES, Bounds, Kind, Label
from tests.scrape import DECLARED

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "observability"
RUNBOOK = (ROOT / "deploy" / "runbook.md").read_text(encoding="utf-8")
OF_PROMETHEUS = {"up"}
OF_THE_PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}
OF_THE_SCRAPE = {"job", "instance", "service"}
ANYWHERE = Bounds(1000, frozenset())


def loaded(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def alarms() -> list[dict[str, Any]]:
    return [rule for group in loaded("alerts.yml")["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))["panels"]


def queries() -> dict[str, str]:
    """Every query, by where it stands."""
    found = {rule["alert"]: rule["expr"] for rule in alarms()}
    for panel in panels():
        for target in panel.get("targets", ()):
            found[f"{panel['title']} {target['refId']}"] = target["expr"].replace("$__rate_interval", "5m")
    return found


class Selectors(list):
    """Every series that a query asks for, and every label that it groups by."""

    def __init__(self, query: str) -> None:
        self.grouped: set[str] = set()
        self._walk(promql_parser.parse(query))

    def _walk(self, node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            self.append(node)
            return
        modifier = getattr(node, "modifier", None)
        if isinstance(modifier, promql_parser.AggModifier):
            self.grouped |= set(modifier.labels)
        for part in ("expr", "lhs", "rhs", "vector_selector"):
            below = getattr(node, part, None)
            if below is not None:
                self._walk(below)
        for argument in getattr(node, "args", ()) or ():
            self._walk(argument)


def allowed(selector: Any) -> set[str]:
    """The labels of a series."""
    figure = DECLARED.get(selector.name)
    own = set(figure.labels) if figure is not None else set()
    return own | OF_THE_SCRAPE | ({"le"} if figure is not None and figure.kind is Kind.HISTOGRAM else set())


def values(matcher: Any) -> list[str]:
    """What a matcher is compared with; our expressions list alternatives, and no more."""
    return matcher.value.split("|") if "Re" in str(matcher.op) else [matcher.value]


def strays() -> Iterator[str]:
    for where, query in queries().items():
        selectors = Selectors(query)
        assert selectors, where
        for selector in selectors:
            if selector.name not in DECLARED.keys() | OF_PROMETHEUS | OF_THE_PROCESS:
                yield f"{where}: nothing exports {selector.name}"
            for matcher in selector.matchers.matchers:
                if matcher.name not in allowed(selector):
                    yield f"{where}: {selector.name} has no label {matcher.name}"
                elif matcher.name in set(Label) and not set(values(matcher)) <= ANYWHERE.of(Label(matcher.name)):
                    yield f"{where}: {matcher.name} is never {matcher.value}"
        known = set.intersection(*(allowed(selector) for selector in selectors))
        yield from (f"{where}: not all of it has {label}" for label in selectors.grouped - known)


def test_alarms_and_dashboard_ask_for_what_is_exported_with_labels_and_values_that_there_are():
    assert len(queries()) > 50
    assert list(strays()) == []


def test_every_figure_is_looked_at_by_an_alarm_or_on_the_dashboard():
    asked = {selector.name for query in queries().values() for selector in Selectors(query)}
    assert [figure.name for figure in FIGURES if not figure.series & asked] == []


def test_every_figure_is_in_the_table_with_its_labels_and_meaning():
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = [
        f"`{min(figure.series).removesuffix('_bucket')}` | {', '.join(f'`{label}`' for label in figure.labels)} | "
        f"{figure.kind} | {figure.meaning} |"
        for figure in FIGURES
    ]
    assert [row for row in rows if f"\n| {row}\n" not in table] == []
    assert len(re.findall(r"^\| `dolen_", table, re.MULTILINE)) == len(FIGURES)


def anchors() -> set[str]:
    headings = re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("rule", alarms(), ids=lambda rule: rule["alert"])
def test_an_alarm_says_how_pressing_it_is_what_it_means_and_what_to_do(rule):
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert page == "deploy/runbook.md"
    assert anchor in anchors()
    assert f"\n| `{rule['alert']}` | {rule['labels']['severity']} | " in RUNBOOK


def test_the_runbook_names_no_alarm_that_there_is_not_and_each_once():
    rows = re.findall(r"^\| `(\w+)` \| (?:page|ticket) \|", RUNBOOK, re.MULTILINE)
    assert sorted(rows) == sorted(rule["alert"] for rule in alarms())


def test_summaries_name_only_labels_that_the_alarm_keeps():
    for rule in alarms():
        selectors = Selectors(rule["expr"])
        kept = selectors.grouped or set.intersection(*(allowed(selector) for selector in selectors))
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert named <= kept, rule["alert"]


def test_panels_lie_beside_each_other():
    cells: dict[tuple[int, int], str] = {}
    for panel in panels():
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert cells.setdefault((x, y), panel["title"]) == panel["title"]
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_prometheus_and_the_collector_ask_the_ports_that_the_readme_gives_the_services():
    document = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^DOLEN_METRICS__PORT=(\d+) dolen run (\w+)", document, re.MULTILINE))
    assert len(named) == 5
    collector = loaded("otel-collector.yaml")["receivers"]["prometheus"]["config"]
    for configuration in (loaded("prometheus.yml"), collector):
        (job,) = configuration["scrape_configs"]
        asked = {each["targets"][0].rpartition(":")[2]: each["labels"]["service"] for each in job["static_configs"]}
        assert (job["job_name"], asked) == ("dolen", named)
    assert loaded("prometheus.yml")["rule_files"] == ["alerts.yml"]


def test_the_collectors_pipelines_are_of_what_it_declares_and_leave_no_trace_out():
    collector = loaded("otel-collector.yaml")
    for pipeline in collector["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            assert set(names) <= collector[kind].keys()
    assert set(collector["service"]["extensions"]) <= collector["extensions"].keys()
    assert not [name for name in collector["processors"] if "sampl" in name or "filter" in name]
    (exporter,) = collector["service"]["pipelines"]["traces"]["exporters"]
    assert collector["exporters"][exporter]["retry_on_failure"]["max_elapsed_time"] == "0s"
    assert collector["exporters"][exporter]["sending_queue"]["storage"] in collector["extensions"]


def test_nothing_here_names_a_person_to_ask_or_a_secret():
    for path in FOLDER.iterdir():
        assert not re.search(r"@[a-z]|password|token|basic_auth", path.read_text(encoding="utf-8"), re.IGNORECASE), path
