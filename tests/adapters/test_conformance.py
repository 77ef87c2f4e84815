"""Every adapter of the registry keeps the rules of adapters/sdk/README.md."""

import pytest

from adapters import ADAPTERS
from tests.adapters.conformance import *  # noqa: F403 - the suite
from tests.adapters.conformance import Adapter


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return Adapter(request.param)
