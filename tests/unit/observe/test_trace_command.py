"""The commands `trace` and `dead-letters`: what they print and how they end."""

import asyncio
import json
from pathlib import Path

import pytest
import typer
from trails import EVENT, MemoryTopics, rejected, story
from typer.testing import CliRunner

from hub.commands import dead_letters, trace
from hub.dead_letter import dead_letter
from hub.errors import Unavailable
from hub.observe.search import KafkaTopics
from hub.settings import load_settings

RUNNER = CliRunner()
NOT_THERE = "00000000-0000-4000-8000-999999999999"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> typer.Typer:
    topics = story()
    topics.put("hub.dead-letters.v1", 1, dead_letter(rejected(), topic="").value, time_ms=0)
    for module in (trace, dead_letters):
        monkeypatch.setattr(module, "KafkaTopics", lambda settings: topics)
    monkeypatch.setenv("DOLEN_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    app.command("trace")(trace.trace)
    app.add_typer(dead_letters.app, name="dead-letters")
    return app


def test_a_trace_that_is_found_ends_with_0(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["trace", EVENT])
    assert result.exit_code == 0
    assert "The path of a notification" in result.stdout


def test_the_trace_is_there_in_welsh(app: typer.Typer) -> None:
    assert "Llwybr hysbysiad" in RUNNER.invoke(app, ["trace", EVENT, "--cymraeg"]).stdout


def test_the_trace_as_json_is_nothing_but_json(app: typer.Typer) -> None:
    (found,) = json.loads(RUNNER.invoke(app, ["trace", EVENT, "--json"]).stdout)
    assert found["outcome"] == "accepted"


def test_a_trace_that_is_not_found_ends_with_1(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["trace", NOT_THERE])
    assert result.exit_code == 1
    assert NOT_THERE in result.stderr
    assert json.loads(RUNNER.invoke(app, ["trace", NOT_THERE, "--json"]).stdout) == []


def test_text_that_is_no_id_ends_with_2(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["trace", "Mali"])
    assert result.exit_code == 2


def test_a_kafka_that_is_away_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("hub.offsets.TIMEOUT_S", 0.3)
    monkeypatch.setenv("DOLEN_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    topics = KafkaTopics(load_settings(state_dir=tmp_path))

    async def read() -> None:
        async for _ in topics.read("hub.ledger.v1", [0]):
            pass

    with pytest.raises(Unavailable):
        asyncio.run(read())


def test_dead_letters_are_listed_and_counted(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["dead-letters", "list"])
    assert result.exit_code == 0
    assert "referrals.v1/1/17" in result.stdout
    assert "Dead letters: 1" in result.stdout


def test_none_is_no_failure(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["dead-letters", "list", "--reason", "hub-201", "--cymraeg"])
    assert result.exit_code == 0
    assert "Dim negeseuon gwrthodedig." in result.stdout


def test_a_code_that_there_is_not_ends_with_2_and_names_the_codes(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["dead-letters", "list", "--reason", "HUB-000"])
    assert result.exit_code == 2
    assert "HUB-307" in result.stderr


def test_one_letter_is_shown(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["dead-letters", "show", "referrals.v1/1/17"])
    assert result.exit_code == 0
    assert "HUB-307" in result.stdout
    shown = json.loads(RUNNER.invoke(app, ["dead-letters", "show", "referrals.v1/1/17", "--json"]).stdout)
    assert shown["faults"][0]["code"] == "HUB-307"


def test_a_letter_that_there_is_not_ends_with_1(app: typer.Typer) -> None:
    assert RUNNER.invoke(app, ["dead-letters", "show", "referrals.v1/1/18"]).exit_code == 1
    assert RUNNER.invoke(app, ["dead-letters", "show", "nothing"]).exit_code == 2


def test_the_newest_letters_are_shown_where_there_are_more(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    topics = MemoryTopics()
    for offset in range(5):
        value = dead_letter(rejected(at={"offset": offset, "time_ms": offset}), topic="").value
        topics.put("hub.dead-letters.v1", 1, value, time_ms=offset)
    monkeypatch.setattr(dead_letters, "KafkaTopics", lambda settings: topics)
    result = RUNNER.invoke(app, ["dead-letters", "list", "--limit", "2"])
    assert "The newest 2 of 5" in result.stdout
    assert "referrals.v1/1/4" in result.stdout
    assert "referrals.v1/1/2" not in result.stdout
