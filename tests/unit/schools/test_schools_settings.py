"""The file that the README offers for one machine is one that the portal takes."""

from pathlib import Path

import adapters.schools
from adapters.schools.settings import SchoolsSettings
from adapters.sdk.configuration import load_configuration

FILE = Path(adapters.schools.__file__).parent / "development.toml"


def test_the_file_for_one_machine_is_taken_and_lets_nobody_reach_it_from_elsewhere() -> None:
    settings = load_configuration(FILE).settings(SchoolsSettings)
    assert settings.development
    assert settings.address == f"http://127.0.0.1:{settings.port}"
    assert settings.host == "127.0.0.1"
    assert load_configuration(FILE).file.store.get_secret_value() == settings.database_url.get_secret_value()
