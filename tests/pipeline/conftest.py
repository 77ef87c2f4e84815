"""A workbench for each test; the rules are made once."""

import pytest

from contracts.network import Network
from hub.rules import Rules
from hub.simulate.world import World
from tests.pipeline.bench import Workbench, make_rules


@pytest.fixture(scope="session")
def made() -> tuple[Rules, World]:
    return make_rules()


@pytest.fixture
def bench(made: tuple[Rules, World]) -> Workbench:
    return Workbench(*made)


@pytest.fixture
def network(made: tuple[Rules, World]) -> Network:
    return made[0].network
