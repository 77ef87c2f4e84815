"""The folder that `dolen adapter new` writes passes the suite as it is, and has its line in the registry."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import adapters
from adapters.sdk.errors import ConfigurationRefused
from adapters.sdk.new import new_adapter
from tests.adapters.conformance import *  # noqa: F403 - the suite
from tests.adapters.conformance import Adapter

NAME = "court_orders"


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapter]:
    into = tmp_path_factory.mktemp("adapters")
    new_adapter(NAME, into)
    adapters.__path__.append(str(into))
    yield Adapter(NAME)
    adapters.__path__.remove(str(into))
    for module in [name for name in sys.modules if name.startswith(f"adapters.{NAME}")]:
        del sys.modules[module]


def test_nothing_of_the_template_is_left_in_it(adapter: Adapter) -> None:
    texts = [path.read_text() for path in adapter.folder.rglob("*") if path.suffix in (".py", ".md", ".json", ".toml")]
    assert len(texts) > 10
    assert not [text for text in texts if "template" in text]


def test_it_is_entered_in_the_registry_beside_those_that_are_there(tmp_path: Path) -> None:
    registry = tmp_path / "__init__.py"
    registry.write_text('"""The edges."""\n\nADAPTERS: tuple[str, ...] = ("police",)\n"""Names."""\n')
    new_adapter(NAME, tmp_path)
    assert registry.read_text() == (
        '"""The edges."""\n\nADAPTERS: tuple[str, ...] = (\n    "court_orders",\n    "police",\n)\n"""Names."""\n'
    )


@pytest.mark.parametrize("name", ["Court", "../court", "sdk", "c", "court-orders", ""])
def test_a_name_that_is_no_folders_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationRefused, match="no name"):
        new_adapter(name, tmp_path)


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(ConfigurationRefused, match="already"):
        new_adapter(NAME, tmp_path)
    assert list((tmp_path / NAME).iterdir()) == []
