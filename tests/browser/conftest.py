"""A real Chromium, the portal served to it from the real PostgreSQL, and a window for each test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.windows import SignIn, launched, windows
from tests.schools_ground import Ground, ground
from tests.servers import Servers


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def schools_ground(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(servers.endpoints.database_url, tmp_path_factory.mktemp("schools")) as made:
        yield made


@pytest.fixture
def schools(schools_ground: Ground) -> Iterator[Ground]:
    """An empty portal, served."""
    schools_ground.clear()
    with schools_ground.served():
        yield schools_ground


@pytest.fixture
def sign_in(chromium: Browser, schools: Ground) -> Iterator[SignIn]:
    """Call it with a person's subject: a window of that person's, which runs no scripts."""
    with windows(chromium, schools.settings.address) as open_window:

        def signed_in(subject: str, *, width: int = 1100, language: str = "en", scripts: bool = False) -> Page:
            return open_window(subject, language=language, width=width, java_script_enabled=scripts, bypass_csp=scripts)

        yield signed_in
