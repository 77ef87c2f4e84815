"""What a draft of the policy would change, held against the decisions that the hub took on the same traffic."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from contracts.access import Act
from hub.policy_file import PACKAGED
from tests.console_ground import Browser, Ground

pytestmark = pytest.mark.connected

AGREEMENT = "DDA-CP-05"
TOLD_BY_IT = """
SELECT d.recipient, count(*) AS number FROM decisions d JOIN grounds g ON g.id = d.grounds
WHERE d.told AND g.agreement = :agreement GROUP BY d.recipient
"""


def ended() -> str:
    """The agreements, one of which ended before any of it."""
    before, after = (PACKAGED / "agreements.toml").read_text(encoding="utf-8").split(f'id = "{AGREEMENT}"')
    return f'{before}id = "{AGREEMENT}"{after.replace("ends = 2030", "ends = 2025", 1)}'


def test_whom_a_draft_would_no_longer_tell_are_those_whom_the_hub_told_by_that_agreement(console: Ground) -> None:
    told = {row.recipient: row.number for row in console.rows(TOLD_BY_IT, agreement=AGREEMENT)}
    assert sum(told.values()) > 5
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as vera:
        page = vera.client.post(
            "/en/policy", data={"csrf": vera.csrf(), "days": "7"}, files=[upload("agreements.toml")]
        )
        pasted = vera.post("/en/policy", name="agreements.toml", text=ended(), days="1")
        same = vera.post("/en/policy", name="agreements.toml", text=ended().replace("ends = 2025", "ends = 2030"))
    for shown in (page, pasted):
        assert shown.status_code == 200
        rows = re.findall(r'Notifications">([\d,]+)</td>.*?class="hint id">([^<]+)<', shown.text, re.DOTALL)
        assert summed((party, int(number.replace(",", ""))) for number, party in rows) == told
        assert "the agreement has lapsed" in shown.text
        cards = re.findall(r"<strong>(\d+)</strong>", shown.text)
        assert cards == ["0", str(sum(told.values())), "0"]
    assert "Nobody would be told of anything otherwise" in same.text
    assert [each.act for each in console.reports() if each.what == "policy.diff"] == [Act.SEARCHED] * 3


def summed(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    """How many for each party: one row is for one type and rule."""
    sums: Counter[str] = Counter()
    for party, number in counted:
        sums[party] += number
    return dict(sums)


def upload(name: str) -> tuple[str, tuple[str, bytes]]:
    return "files", (f"C:\\drafts\\{name}", ended().encode())


def test_the_command_line_says_the_same_and_reads_no_more_than_it_may(console: Ground, tmp_path: Path) -> None:
    told = {row.recipient: row.number for row in console.rows(TOLD_BY_IT, agreement=AGREEMENT)}
    for file in PACKAGED.rglob("*.toml"):
        to = tmp_path / file.relative_to(PACKAGED)
        to.parent.mkdir(exist_ok=True)
        to.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "agreements.toml").write_text(ended(), encoding="utf-8")
    found = json.loads(dolen(console, "policy", "diff", str(tmp_path), "--since", "1d", "--json"))
    assert summed((change["recipient"], change["count"]) for change in found["changes"]) == told
    assert {change["what"] for change in found["changes"]} == {"no-longer"}
    assert found["told_today"] - found["told_by_draft"] == sum(told.values())
    few = json.loads(dolen(console, "policy", "diff", str(tmp_path), "--most", "40", "--json"))
    assert few["cut"]
    assert 0 < few["read"] <= 40
    assert few["since"] > found["since"]
    assert "hysbysir" in dolen(console, "policy", "diff", str(tmp_path), "--cymraeg")


def dolen(console: Ground, *words: str) -> str:
    command = [sys.executable, "-m", "hub", *words]
    own = {**console.world.environment, "COLUMNS": "200"}
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("agreements.toml", "nonsense", "agreements.toml:1"),
        ("views.toml", '[[view]]\nid = "<script>alert(1)</script>"', "views.toml"),
        ("../../etc/passwd", "x = 1", "no file of this name"),
        ("agreements.toml", "  ", "There is no draft"),
        ("agreements.toml", "x = 1\0", "agreements.toml"),
    ],
)
def test_a_draft_that_is_none_is_refused_with_its_place_and_runs_nothing(
    console: Ground, name: str, text: str, said: str
) -> None:
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as vera:
        answer = vera.post("/en/policy", name=name, text=text)
    assert answer.status_code == 422
    assert said in answer.text
    assert "<script>alert" not in answer.text


def test_which_version_decided_what_and_from_when(console: Ground) -> None:
    (version,) = console.rows("SELECT policy, count(*) AS events, sum(told) AS told FROM records GROUP BY policy")
    with console.served() as where, Browser.signed_in(where, "vera-viewer") as vera:
        page = vera.get("/en/policy").text
    row = next(part for part in page.split("<tr")[1:] if version.policy in part)
    assert "in force" in row
    assert f">{version.events:,}</td>" in row
    assert f">{version.told:,}</td>" in row
    (summed,) = console.rows("SELECT * FROM policies")
    (counted,) = console.rows("SELECT min(at_ms) AS first, max(at_ms) AS last, sum(not_told) AS not_told FROM records")
    assert (summed.first_ms, summed.last_ms, summed.not_told) == (counted.first, counted.last, counted.not_told)
