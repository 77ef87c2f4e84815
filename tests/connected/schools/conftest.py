"""One database for the session's tests of the schools' portal, empty for each; and the portal served from it."""

from collections.abc import Iterator

import pytest

from tests.schools_ground import Ground, ground
from tests.servers import Servers


@pytest.fixture(scope="session")
def schools_ground(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(servers.endpoints.database_url, tmp_path_factory.mktemp("schools")) as made:
        yield made


@pytest.fixture
def schools(schools_ground: Ground) -> Ground:
    schools_ground.clear()
    return schools_ground
