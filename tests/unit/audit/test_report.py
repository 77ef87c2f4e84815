"""A report is read by people in either language, and by scripts; neither reads what a record holds."""

import io
import json

import pytest
from rich.console import Console
from typer.testing import CliRunner

import hub.commands.audit as command
from hub.audit.auditor import audit
from hub.audit.codes import Code, Note
from hub.audit.report import KEPT, Report
from hub.audit.show import LISTED, show
from hub.audit.words import Word
from hub.cli import command_line
from tests.unit.audit.breaking import is_notification, one, without
from tests.unit.audit.hub_in_memory import START_MS, HubInMemory, rules, simulated, source, standing


@pytest.fixture(scope="module")
def reports() -> dict[bool, Report]:
    """One report with nothing wrong, one with something."""
    hub = HubInMemory(rules())
    hub.take(simulated(40))
    broken = without(hub.records(), one(hub.records(), is_notification))
    return {
        True: audit(hub.source(), [standing()], now_ms=START_MS),
        False: audit(source(broken), [standing()], now_ms=START_MS),
    }


def laid_out(report: Report, *, welsh: bool) -> str:
    console = Console(file=io.StringIO(), width=160)
    for part in show(report, welsh=welsh):
        console.print(part)
    return console.file.getvalue()


@pytest.mark.parametrize("welsh", [False, True])
def test_a_violation_is_laid_out_with_its_meaning_and_its_place(reports, welsh):
    said = laid_out(reports[False], welsh=welsh)
    violation = reports[False].violations[0]
    assert violation.code.code in said
    assert (violation.code.cy if welsh else violation.code.en) in said
    assert violation.at in said


@pytest.mark.parametrize("welsh", [False, True])
def test_where_nothing_is_wrong_the_report_says_of_how_much(reports, welsh):
    said = laid_out(reports[True], welsh=welsh)
    assert Word.CLEAN.say(welsh=welsh, inbound=40, outputs=reports[True].outputs, letters=reports[True].letters) in said


@pytest.mark.parametrize(("clean", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_tells_a_script_whether_something_is_wrong(reports, monkeypatch, clean, code):
    monkeypatch.setattr(command, "audit_hub", lambda settings, **more: reports[clean])
    done = CliRunner().invoke(command_line(["audit"]), ["audit", "--json"])
    assert done.exit_code == code
    assert json.loads(done.stdout)["clean"] is clean


@pytest.mark.parametrize("asked", [False, True])
def test_edges_are_judged_where_they_are_asked_for_and_not_else(reports, monkeypatch, asked):
    judged = []

    def audit_hub(settings, *, edges, **more):
        judged.append(edges)
        return reports[True]

    monkeypatch.setattr(command, "audit_hub", audit_hub)
    done = CliRunner().invoke(command_line(["audit"]), ["audit", "--json", *["--edges"] * asked])
    assert done.exit_code == 0
    assert judged == [asked]


def test_a_thousand_violations_are_kept_and_all_are_counted():
    report = Report()
    for number in range(KEPT + 500):
        report.found(Code.LOST, f"referrals.v1/0/{number}")
    assert report.counts[Code.LOST] == KEPT + 500
    assert len(report.violations) == KEPT
    assert f"{KEPT + 500 - LISTED} more" in laid_out(report, welsh=False)


def test_every_code_is_its_own_and_is_said_in_both_languages():
    said = [*Code, *Note]
    assert len({each.code for each in said}) == len(said)
    assert all(each.en and each.cy and each.en != each.cy for each in (*said, *Word))
