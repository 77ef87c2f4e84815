"""No jar is run that the committed list does not name, and what stands in the way is said with its remedy."""

import hashlib
import re
from pathlib import Path

import pytest

from hub.local import jars
from hub.local.errors import DiskFull, JarCorrupt, NoNetwork
from hub.local.jars import Jar

CONTENT = b"a jar"
JAR = Jar("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def arrives(content: bytes):
    def fetch(wanted: list[Jar], arriving: Path, progress: object) -> None:
        for jar in wanted:
            (arriving / jar.file).write_bytes(content)

    return fetch


def fails(wanted: list[Jar], arriving: Path, progress: object) -> None:
    raise ConnectionError


def test_the_list_names_the_version_that_does_not_lose_transaction_markers() -> None:
    version, listed = jars.listed()
    assert version == "4.2.1"
    assert f"org.apache.kafka:kafka_2.13:{version}" in {jar.coordinates for jar in listed}


def test_every_jar_has_a_hash_and_a_name_of_its_own() -> None:
    _, listed = jars.listed()
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in listed)
    assert len({jar.file for jar in listed}) == len(listed)


def test_a_broker_that_fails_can_say_so() -> None:
    assert any(jar.coordinates.startswith("org.slf4j:slf4j-simple:") for jar in jars.listed()[1])


def test_a_jar_that_arrived_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_by_jgo", arrives(CONTENT))
    jars.fetch([JAR], tmp_path)
    assert (tmp_path / "thing-1.0.jar").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["thing-1.0.jar"]


def test_another_jar_than_the_listed_one_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_by_jgo", arrives(b"something else"))
    with pytest.raises(JarCorrupt, match=r"org\.example:thing:1\.0"):
        jars.fetch([JAR], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_jar_that_changed_on_disk_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "listed", lambda: ("1", (JAR,)))
    (tmp_path / JAR.file).write_bytes(b"bit rot")
    assert jars.missing(tmp_path) == [JAR]
    (tmp_path / JAR.file).write_bytes(CONTENT)
    assert jars.missing(tmp_path) == []


def test_without_a_network_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_by_jgo", fails)
    monkeypatch.setattr(jars, "_by_maven", lambda *_: False)
    with pytest.raises(NoNetwork, match="HTTPS_PROXY"):
        jars.fetch([JAR], tmp_path)


def test_maven_is_asked_where_jgo_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def maven(wanted: list[Jar], arriving: Path) -> bool:
        (arriving / JAR.file).write_bytes(CONTENT)
        return True

    monkeypatch.setattr(jars, "_by_jgo", fails)
    monkeypatch.setattr(jars, "_by_maven", maven)
    jars.fetch([JAR], tmp_path)
    assert jars._sound(tmp_path / JAR.file, JAR)


def test_a_full_disk_is_called_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_by_jgo", fails)
    with pytest.raises(DiskFull, match="XDG_CACHE_HOME"):
        jars.fetch([Jar("g:a:1", "0" * 64, 2**60)], tmp_path)


def test_the_cache_is_shared_by_all_checkouts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert jars.cache_directory() == tmp_path / "dolen" / "kafka-4.2.1"
