"""What the hub keeps of its ledger in a second place is signed, only grows, and is read by code of the audit's own."""

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.audit.checkpoints import read_checkpoints
from hub.checkpoint import Checkpoints, load_checkpoint_key
from hub.credentials import CredentialFiles
from hub.errors import StartRefused
from hub.ledger import ChainHead
from hub.names import Names
from hub.settings import Settings

NAMES = Names("t.")
HEAD = ChainHead(7, "a" * 64)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    CredentialFiles(tmp_path).write_own_key(CredentialFiles(tmp_path).checkpoint_key_path)
    return Settings(state_dir=tmp_path)


@pytest.fixture
def kept(settings: Settings) -> Checkpoints:
    return Checkpoints(settings.checkpoints, names=NAMES, key=load_checkpoint_key(settings.checkpoint_key))


def read(settings: Settings):
    return read_checkpoints(settings.checkpoints, public_key=settings.checkpoint_public_key, names=NAMES, lanes=3)


def test_what_was_kept_is_what_the_audit_reads(settings, kept):
    assert kept.keep({0: HEAD, 2: ChainHead(1, "b" * 64)}) == []
    found = read(settings)
    assert {lane: (each.number, each.head) for lane, each in found.items()} == {0: (7, "a" * 64), 2: (1, "b" * 64)}


def test_a_lane_without_records_has_no_checkpoint(settings, kept):
    kept.keep({1: ChainHead()})
    assert read(settings) == {}


def test_a_checkpoint_only_ever_grows_and_the_lane_that_is_behind_it_is_named(settings, kept):
    kept.keep({0: HEAD})
    assert kept.keep({0: ChainHead(6, "c" * 64), 1: HEAD}) == [0]
    assert read(settings)[0].number == 7
    kept.keep({0: ChainHead(8, "d" * 64)})
    assert read(settings)[0].head == "d" * 64


def other_number(line: bytes, signature: bytes) -> bytes:
    return line.replace(b'"number":7', b'"number":6') + b"\n" + signature


def of_another_lane(line: bytes, signature: bytes) -> bytes:
    return line.replace(b'"lane":1', b'"lane":0') + b"\n" + signature


def no_signature(line: bytes, signature: bytes) -> bytes:
    return line + b"\n"


def signature_of_anothers_key(line: bytes, signature: bytes) -> bytes:
    return line + b"\nv1,0," + b64encode(Ed25519PrivateKey.generate().sign(line))


def no_json(line: bytes, signature: bytes) -> bytes:
    return b"\xff\n" + signature


@pytest.mark.parametrize(
    "change",
    [other_number, of_another_lane, no_signature, signature_of_anothers_key, no_json],
    ids=lambda f: f.__name__,
)
def test_what_the_hub_did_not_sign_is_told_apart(settings, kept, change: Callable[[bytes, bytes], bytes]):
    kept.keep({0: HEAD, 1: HEAD})
    other = settings.checkpoints / NAMES.checkpoint(1)
    file = settings.checkpoints / NAMES.checkpoint(0)
    line, signature = (other if change is of_another_lane else file).read_bytes().splitlines()
    file.write_bytes(change(line, signature))
    assert read(settings) | {1: None} == {0: None, 1: None}


def test_a_checkpoint_moved_to_another_lane_is_told_apart(settings, kept):
    kept.keep({1: HEAD})
    (settings.checkpoints / NAMES.checkpoint(1)).rename(settings.checkpoints / NAMES.checkpoint(0))
    assert read(settings) == {0: None}


def test_a_checkpoint_that_says_nothing_is_written_anew(settings, kept):
    settings.checkpoints.mkdir()
    (settings.checkpoints / NAMES.checkpoint(0)).write_text("nothing")
    kept.keep({0: HEAD})
    assert read(settings)[0].number == 7


def test_no_checkpoint_holds_more_than_the_chain_and_a_time(settings, kept):
    kept.keep({0: HEAD})
    line = (settings.checkpoints / NAMES.checkpoint(0)).read_bytes().splitlines()[0]
    assert set(json.loads(line)) == {"version", "ledger", "lane", "number", "head", "time"}


def test_a_hub_without_its_key_does_not_start(tmp_path):
    with pytest.raises(StartRefused, match="dolen provision"):
        load_checkpoint_key(tmp_path / "checkpoint-key.pem")


def test_an_audit_without_the_public_key_says_so_where_there_are_checkpoints(settings, kept):
    assert read(settings) == {}
    settings.checkpoint_public_key.unlink()
    assert read(settings) == {}
    kept.keep({0: HEAD})
    with pytest.raises(StartRefused, match="public key"):
        read(settings)
