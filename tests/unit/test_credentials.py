"""Keys are made, found, rotated and ended by the clock that they are given."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.credentials import KEY_LIFE, OVERLAP, AgencyFile, CredentialFiles, current_key, ended, new_key, rotated
from hub.errors import StartRefused
from hub.keyring import load_keyring

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FILE = AgencyFile("gwent-police", "127.0.0.1:1", "gwent-police", 'pass"word', "", "k1", "c2VjcmV0")


def test_a_new_key_is_valid_at_once_even_where_the_brokers_clock_is_behind() -> None:
    key = new_key("gwent-police", NOW)
    assert key.valid_from < NOW - timedelta(minutes=4)
    assert key.valid_to == key.valid_from + KEY_LIFE


def test_after_a_rotation_both_keys_are_valid_until_the_overlap_ends() -> None:
    old = new_key("gwent-police", NOW - timedelta(days=100))
    keys = rotated([old], "gwent-police", NOW)
    assert [key.valid_to for key in keys] == [NOW + OVERLAP, keys[1].valid_to]
    assert current_key(keys, "gwent-police", NOW) == keys[1]


def test_a_rotation_leaves_other_agencies_keys_alone() -> None:
    other = new_key("dyfed-powys-police", NOW)
    assert other in rotated([other], "gwent-police", NOW)


def test_a_rotation_never_makes_an_old_key_last_longer() -> None:
    old = new_key("gwent-police", NOW - KEY_LIFE + timedelta(days=1))
    assert rotated([old], "gwent-police", NOW)[0] == old


def test_an_agency_that_left_has_no_key() -> None:
    keys = ended([new_key("gwent-police", NOW)], "gwent-police", NOW)
    assert current_key(keys, "gwent-police", NOW) is None


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    files = CredentialFiles(tmp_path)
    key = new_key("gwent-police", NOW)
    files.write_agency(FILE)
    files.write_keys([key])
    files.write_hub(username="dolen-hub", password="p", marks_secret="s")
    assert files.agency("gwent-police") == FILE
    assert files.keys() == (key,)
    assert files.hub() == {"username": "dolen-hub", "password": "p", "marks_secret": "s"}


def test_the_hub_reads_the_keyring_that_provisioning_writes(tmp_path: Path) -> None:
    key = new_key("gwent-police", NOW)
    CredentialFiles(tmp_path).write_keys([key])
    read = load_keyring(tmp_path / "hub" / "keyring.toml")[key.id]
    assert read.agency == "gwent-police"
    assert read.valid_at(int(NOW.timestamp() * 1000))
    assert len(read.secret) == 32


@pytest.mark.parametrize("content", ["[agency", "[agency]\nid = 1\n"])
def test_a_broken_file_is_refused_with_its_name(tmp_path: Path, content: str) -> None:
    files = CredentialFiles(tmp_path)
    path = files.agency_path("gwent-police")
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(StartRefused, match="gwent-police"):
        files.agency("gwent-police")
