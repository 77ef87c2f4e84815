"""An agency's file is taken as provisioning writes it, and its secrets never show."""

import base64
from pathlib import Path

import pytest

from adapters.sdk.credentials import credentials_path, load_credentials
from adapters.sdk.errors import CredentialsRefused
from hub.credentials import AgencyFile, CredentialFiles

SECRET = b"s" * 32


def _written(state: Path) -> Path:
    CredentialFiles(state).write_agency(
        AgencyFile(
            agency="south-wales-police",
            bootstrap_servers="127.0.0.1:1,127.0.0.1:2",
            username="t.south-wales-police",
            password="hunter2",
            topic_prefix="t.",
            key_id="south-wales-police-1",
            key_secret=base64.b64encode(SECRET).decode(),
        )
    )
    return credentials_path(state, "south-wales-police")


def test_what_provisioning_writes_is_what_an_agency_reads(tmp_path: Path) -> None:
    credentials = load_credentials(_written(tmp_path))
    assert credentials.agency == "south-wales-police"
    assert credentials.bootstrap_servers == "127.0.0.1:1,127.0.0.1:2"
    assert credentials.username == "t.south-wales-police"
    assert credentials.topic_prefix == "t."
    assert credentials.secret == SECRET


def test_passwords_and_keys_show_in_no_representation(tmp_path: Path) -> None:
    shown = repr(load_credentials(_written(tmp_path)))
    assert "hunter2" not in shown
    assert "sss" not in shown


def test_a_missing_file_says_who_writes_it(tmp_path: Path) -> None:
    with pytest.raises(CredentialsRefused, match="dolen provision"):
        load_credentials(tmp_path / "nobody.toml")


@pytest.mark.parametrize("content", ["", "agency = 3", "[kafka", "[agency]\nid = 'x'\n[kafka]\n[signing]\n"])
def test_a_broken_file_is_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "agency.toml"
    path.write_text(content)
    with pytest.raises(CredentialsRefused, match=r"agency\.toml"):
        load_credentials(path)


def test_a_secret_that_is_not_base64_is_refused_without_showing_it(tmp_path: Path) -> None:
    path = _written(tmp_path)
    path.write_text(path.read_text().replace(base64.b64encode(SECRET).decode(), "not base64!"))
    with pytest.raises(CredentialsRefused) as refused:
        load_credentials(path)
    assert "not base64" not in str(refused.value)
