"""`dolen explain` and `dolen policy`: what they print, and what they never print."""

import json
import shutil

import pytest
import typer
from typer.testing import CliRunner

from hub.commands import explain, policy
from hub.policy_file import PACKAGED
from hub.policy_text import PolicyRefused
from tests.unit.contracts.examples import changed, example

APP = typer.Typer()
APP.command()(explain.explain)
APP.add_typer(policy.app, name="policy")

NOTICE = example("notices.domestic-abuse-incident")
DETAILS = ("Mali", "Enghraifft", "9990000018", "A681200321001", "2017-05-14", "Ddychmygol", "CF24", "teddy", "1338f11c")
"""What an event of the examples says of a child."""


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    monkeypatch.setenv("DOLEN_STATE_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("COLUMNS", "200")


def run(*arguments):
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


def written(tmp_path, event):
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    return path


def test_explain_prints_each_decision_with_its_grounds(tmp_path):
    said = run("explain", written(tmp_path, NOTICE)).output
    for part in (
        "/schools/6812003",
        "/schools/6812111",
        "told: entitled",
        "notices.toml#incident-to-school",
        "Victims and Prisoners Act 2024",
        "DDA-CP-05",
        "school-notice",
    ):
        assert part in said


def test_explain_speaks_welsh(tmp_path):
    said = run("explain", written(tmp_path, NOTICE), "--cymraeg").output
    assert "Digwyddiad cam-drin domestig" in said
    assert "hysbyswyd: â hawl i wybod" in said


@pytest.mark.parametrize("options", [(), ("--json",), ("--cymraeg",)])
@pytest.mark.parametrize("name", ["notices.domestic-abuse-incident", "conferences.held", "circumstances.child-moved"])
def test_explain_never_prints_a_childs_details(tmp_path, name, options):
    done = run("explain", written(tmp_path, example(name)), *options)
    assert done.exit_code == 0
    assert not [detail for detail in DETAILS if detail in done.output]


def test_explain_decides_for_the_day_that_is_asked_for(tmp_path):
    report = json.loads(run("explain", written(tmp_path, NOTICE), "--as-of", "2031-01-01", "--json").output)
    assert report["on"] == "2031-01-01"
    assert {decision["reason"] for decision in report["decisions"]} == {"agreement-lapsed"}
    assert set(report["versions"]) == {"policy", "directory", "network"}
    assert set(report["event"]) == {"id", "source", "type"}


def test_explain_refuses_an_event_by_rule_and_place_and_never_by_value(tmp_path):
    wrong = changed(NOTICE, {("data", "children", 0, "child", "nhs_number"): "9990000019"})
    wrong["data"]["children"][0]["child"]["Mali Enghraifft"] = 1
    done = run("explain", written(tmp_path, wrong))
    assert done.exit_code == 2
    assert "data.children.0.child.nhs_number: dolen_nhs_number" in done.output
    assert "data.children.0.child.*: extra_forbidden" in done.output
    assert not [detail for detail in (*DETAILS, "9990000019") if detail in done.output]


@pytest.mark.parametrize(
    ("content", "said"), [("{", "not JSON"), ("[]", "no event"), ('{"type": "x"}', "no event"), ("{}", "no event")]
)
def test_explain_refuses_a_file_that_is_no_event(tmp_path, content, said):
    path = tmp_path / "event.json"
    path.write_text(content, encoding="utf-8")
    done = run("explain", path)
    assert done.exit_code == 2
    assert said in done.output


def test_policy_check_counts_what_the_policy_in_force_holds():
    counts = json.loads(run("policy", "check", "--json").output)
    assert (counts["types"], counts["views"], counts["agreements"], counts["bases"]) == (35, 16, 6, 10)
    assert "holds together" in run("policy", "check").output


def test_policy_check_refuses_with_file_and_line(tmp_path):
    folder = shutil.copytree(PACKAGED, tmp_path / "policy")
    path = folder / "rules" / "notices.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("school-of-child", "schol-of-child"), encoding="utf-8")
    refused = run("policy", "check", folder).exception
    assert isinstance(refused, PolicyRefused)  # `dolen` turns it into one line and exit code 2
    assert str(refused).startswith(f"{path}:6: no relation")


def test_policy_show_prints_rules_views_agreements_and_bases():
    said = run("policy", "show").output
    for part in ("incident-to-school", "police-investigating", "ISP-CP-01", "Children Act 1989, section 47", "Golygon"):
        assert part in said


def test_policy_show_can_be_cut_to_one_type_and_read_by_a_script():
    shown = json.loads(run("policy", "show", "--type", "referrals.submitted", "--json").output)
    (rules,) = shown["types"].values()
    assert [rule["id"] for rule in rules] == [
        "referrals.toml#report-to-authority",
        "referrals.toml#possible-crime-to-police",
    ]
    assert rules[1]["when"] == "data.possible_crime"
