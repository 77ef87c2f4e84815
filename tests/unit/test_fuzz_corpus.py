"""What fuzzing has found to be worth keeping is gone through again, quickly and always the same."""

import importlib

import pytest

from tests.fuzz.targets import TARGETS, kept


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_that_was_kept_breaks_no_promise(name):
    check = importlib.import_module(TARGETS[name].module).check
    inputs = kept(name)
    assert len(inputs) >= 20, f"python -m tests.fuzz {name} --seconds 600 --keep"
    for file in inputs:
        check(file.read_bytes())
