"""`dolen contracts` and `dolen directory`, as a person or a script runs them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.directory import DATA
from contracts.errors import DirectoryRefused
from hub.commands import contracts, directory


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOLEN_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_export_check_is_silent_success_when_all_is_up_to_date() -> None:
    result = CliRunner().invoke(contracts.app, ["export", "--check"])
    assert (result.exit_code, result.stdout) == (0, "The schemas are up to date.\n")


def test_export_check_changes_nothing_and_fails_where_a_file_differs(tmp_path: Path) -> None:
    result = CliRunner().invoke(contracts.app, ["export", "--check", "--json", "--to", str(tmp_path)])
    assert result.exit_code == 1
    assert "asyncapi.json" in json.loads(result.stdout)["changed"]
    assert not list(tmp_path.iterdir())


def test_export_writes_what_the_check_then_finds_right(tmp_path: Path) -> None:
    assert CliRunner().invoke(contracts.app, ["export", "--to", str(tmp_path)]).exit_code == 0
    assert CliRunner().invoke(contracts.app, ["export", "--check", "--to", str(tmp_path)]).exit_code == 0


def test_an_official_list_is_kept_among_the_hubs_files_and_counted(tmp_path: Path, state: Path) -> None:
    lines = (DATA / "schools.csv").read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace("Amlwch", "Amlwch Newydd")
    file = tmp_path / "official.csv"
    file.write_text("\n".join([*lines[:-1], "6819998,Ysgol Newydd,681,Primary,WM,CF24 0ZZ"]), encoding="utf-8-sig")
    result = CliRunner().invoke(directory.app, ["import", str(file), "--json"])
    assert json.loads(result.stdout) == {
        "file": str(state / "schools.csv"), "schools": 1473, "new": 1, "gone": 1, "changed": 1,
    }  # fmt: skip
    assert b"Ysgol Newydd" in (state / "schools.csv").read_bytes()


def test_a_wrong_list_leaves_the_kept_one_as_it_was(tmp_path: Path, state: Path) -> None:
    state.mkdir()
    (state / "schools.csv").write_text("kept")
    (tmp_path / "wrong.csv").write_text("School Number\n1\n")
    result = CliRunner().invoke(directory.app, ["import", str(tmp_path / "wrong.csv")])
    assert isinstance(result.exception, DirectoryRefused)
    assert (state / "schools.csv").read_text() == "kept"


def test_show_prints_the_directory_for_a_script() -> None:
    shown = json.loads(CliRunner().invoke(directory.app, ["show", "--json"]).stdout)
    assert len(shown["schools"]) == 1473
    assert {"id", "kind", "name_en", "name_cy", "code"} == set(shown["organisations"][0])


def test_show_prints_whole_ids_for_a_person() -> None:
    shown = CliRunner().invoke(directory.app, ["show"]).stdout
    assert "rhondda-cynon-taf-social-services" in shown
    assert "1473 schools." in shown
