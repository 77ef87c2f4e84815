"""A wrong file or key stops the start: the error says where, the rule, what was seen, the remedy, and no secret."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.sdk.configuration import Configuration, Part, load_configuration
from adapters.sdk.errors import ConfigurationRefused
from adapters.sdk.keys import LENGTH, pseudonym_key
from adapters.sdk.registry import declaration_of

PASSWORD = "hunter2"
GOOD = f"""adapter = "police"
credentials = "agency.toml"
store = "postgresql://dolen:{PASSWORD}@127.0.0.1/dolen"
pseudonym_key = "police.key"
"""
REMEDY = "adapters/sdk/README.md"


class Own(Part):
    """An adapter's own table."""

    secret: SecretStr
    """Not to be shown."""


def _loaded(folder: Path, text: str) -> Configuration:
    path = folder / "police.toml"
    path.write_text(text)
    return load_configuration(path)


def test_what_is_right_is_taken_with_its_defaults_and_paths_from_the_files_folder(tmp_path: Path) -> None:
    found = _loaded(tmp_path, f'{GOOD}[police]\ndrop = "in"\n')
    assert found.file.inbox.tries == 15
    assert found.own == {"drop": "in"}
    assert found.beside(found.file.credentials) == tmp_path / "agency.toml"
    relative = _loaded(tmp_path, GOOD.replace(f"postgresql://dolen:{PASSWORD}@127.0.0.1/dolen", "sqlite:///a.db"))
    assert relative.store_url == f"sqlite:///{tmp_path}/a.db"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("store =", "stroe ="), ":3: stroe: Extra inputs are not permitted"),
        (GOOD.replace('"police"', '"../police"'), ":1: adapter: String should match"),
        (GOOD.replace('pseudonym_key = "police.key"\n', ""), ": pseudonym_key: Field required"),
        (f"{GOOD}[inbox]\ntries = 0\n", ":6: inbox.tries: Input should be greater than or equal to 1"),
        (f"{GOOD}[outbox]\nresend_after_s = -1\n", ":6: outbox.resend_after_s: Input should be greater than 0"),
        (f"{GOOD}police = 1\n", ":5: police: the adapter's own settings are a table"),
        ('adapter = "police', "not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line_its_rule_and_the_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        _loaded(tmp_path, text)
    assert str(refused.value).startswith(str(tmp_path / "police.toml"))
    assert said in str(refused.value)
    assert REMEDY in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_a_file_that_is_not_there_or_not_utf_8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationRefused, match=r"can't be read \(No such file"):
        load_configuration(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'adapter = "\xe9"')
    with pytest.raises(ConfigurationRefused, match="not UTF-8"):
        load_configuration(tmp_path / "latin.toml")


def test_a_wrong_setting_of_the_adapters_own_is_refused_and_its_value_never_shown(tmp_path: Path) -> None:
    found = _loaded(tmp_path, f'{GOOD}[police]\nsecret = ["{PASSWORD}"]\n')
    with pytest.raises(
        ConfigurationRefused, match=r"police\.toml:6: police\.secret: Input should be a valid"
    ) as refused:
        found.settings(Own)
    assert PASSWORD not in str(refused.value)


def test_an_adapter_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationRefused, match=r'no adapter "polise".*dolen adapter list.*police'):
        declaration_of("polise")


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "police.key"
    key = pseudonym_key(path)
    assert len(key) == LENGTH
    assert path.stat().st_mode & 0o777 == 0o600
    assert pseudonym_key(path) == key


def test_a_key_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "police.key"
    pseudonym_key(path)
    path.chmod(0o640)
    with pytest.raises(ConfigurationRefused, match=r"police\.key: others than its owner.*chmod 600"):
        pseudonym_key(path)


@pytest.mark.parametrize("content", ["", "00", "no hexadecimal digits", "00" * (LENGTH + 1)])
def test_a_key_that_is_none_is_refused_never_replaced_and_never_shown(tmp_path: Path, content: str) -> None:
    path = tmp_path / "police.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationRefused, match=r"not a key .*backup.*stranger") as refused:
        pseudonym_key(path)
    assert path.read_text() == content
    assert not content or content not in str(refused.value).removeprefix(str(path))


def test_a_key_in_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationRefused, match=r"can't be read or made .*folder"):
        pseudonym_key(tmp_path / "file" / os.devnull.rpartition("/")[2])
