"""The README names every command and every exit code; the list for Welsh review has every text that is in Welsh."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from contracts.faults import EXPLANATIONS
from hub import cli
from hub.observe.labels import Label

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
WELSH = (ROOT / "deploy" / "welsh-review.md").read_text(encoding="utf-8")


def commands(command: Any, path: str = "dolen") -> Iterator[str]:
    """Every command of the tree below a command, by what a person types."""
    inside = getattr(command, "commands", None)
    if inside is None:
        yield path
    else:
        for name, below in inside.items():
            yield from commands(below, f"{path} {name}")


def test_every_command_is_in_the_readme() -> None:
    there = list(commands(typer.main.get_command(cli.command_line())))
    assert len(there) > 10
    assert [name for name in there if f"| `{name}" not in README] == []


def test_every_exit_code_is_in_the_readme() -> None:
    codes = [value for name, value in vars(cli).items() if name.startswith("EXIT_")]
    assert [code for code in codes if f"\n| {code} | " not in README] == []


def test_what_an_alarm_tells_an_operator_to_read_is_in_the_runbook() -> None:
    runbook = (ROOT / "deploy" / "runbook.md").read_text(encoding="utf-8")
    for heading in ("A transaction in doubt", "Records expired", "Redis lost writes", "A lane waits"):
        assert f"\n## {heading}\n" in runbook


def test_every_decision_is_in_their_list() -> None:
    folder = ROOT / "deploy" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert len(pages) >= 8
    assert [name for name in pages if f"({name})" not in listed] == []


def test_every_welsh_text_is_listed_for_review() -> None:
    assert [label.name for label in Label if f"| {label.value[1]} |" not in WELSH] == []
    texts = {code: f"{known.title_cy}. {known.remedy_cy} |" for code, known in EXPLANATIONS.items()}
    assert [code.value for code, text in texts.items() if text not in WELSH] == []
