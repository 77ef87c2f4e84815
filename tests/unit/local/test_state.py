"""What the stack remembers is found again, kept private, and refused when broken."""

from pathlib import Path

import pytest

from hub.local import state
from hub.local.errors import StackError
from hub.local.ports import FIRST, LAST
from hub.local.process import Process


def test_ports_are_below_those_that_the_system_hands_out(tmp_path: Path) -> None:
    ports = state.new(tmp_path).ports.values()
    assert len(set(ports)) == 5
    assert all(FIRST <= port <= LAST < 32_768 for port in ports)


def test_what_was_saved_is_found_again(tmp_path: Path) -> None:
    saved = state.new(tmp_path)
    saved.processes["kafka"] = Process(42, "then")
    saved.save()
    assert state.load(tmp_path) == saved


def test_passwords_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    state.new(tmp_path).save()
    assert (tmp_path / "stack.json").stat().st_mode & 0o777 == 0o600


def test_without_a_stack_there_is_no_state(tmp_path: Path) -> None:
    assert state.load(tmp_path) is None


def test_a_broken_state_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{}")
    with pytest.raises(StackError, match="remedy"):
        state.load(tmp_path)
