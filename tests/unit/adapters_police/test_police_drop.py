"""Which files are taken out of the drop directory, which are left alone, and how each is put aside."""

import json
import os
import socket
from pathlib import Path

import pytest

from adapters.police.drop import DropDirectory, Receipt, StillGrowing
from adapters.police.reasons import NotTaken, Reason

MOST = 1000


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def drop(tmp_path: Path, clock: Clock) -> DropDirectory:
    return DropDirectory(tmp_path, settle_s=2.0, clock=clock)


def settled(drop: DropDirectory, clock: Clock) -> list[str]:
    drop.ready()
    clock.now += 2
    return drop.ready()


def reason_beside(path: Path) -> str:
    code: str = json.loads(path.with_name(f"{path.name}.reason").read_text())["code"]
    return code


def test_a_file_is_taken_when_it_stays_as_it_is(tmp_path: Path, drop: DropDirectory, clock: Clock) -> None:
    (tmp_path / "a.xml").write_bytes(b"<")
    assert drop.ready() == []
    clock.now += 1.9
    (tmp_path / "a.xml").write_bytes(b"<a")
    assert drop.ready() == []
    clock.now += 1.9
    assert drop.ready() == []
    clock.now += 0.1
    assert drop.ready() == ["a.xml"]


def test_where_every_file_comes_by_rename_it_is_taken_at_first_sight(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "a.xml.part").write_bytes(b"<")
    drop = DropDirectory(tmp_path, settle_s=0, clock=clock)
    assert drop.ready() == []
    os.rename(tmp_path / "a.xml.part", tmp_path / "a.xml")
    assert drop.ready() == ["a.xml"]


@pytest.mark.parametrize(
    "name",
    ["a.xml.part", "a.xml.filepart", "a.xml.tmp", ".a.xml", "a.xml.done", "a.xml.failed", "a.xml.failed.reason"],
)
def test_what_is_under_way_hidden_or_ours_is_left_alone(
    name: str, tmp_path: Path, drop: DropDirectory, clock: Clock
) -> None:
    (tmp_path / name).write_bytes(b"<")
    assert settled(drop, clock) == []


def test_a_folder_of_the_forces_own_is_left_alone(tmp_path: Path, drop: DropDirectory, clock: Clock) -> None:
    (tmp_path / "sent").mkdir()
    assert settled(drop, clock) == []


def test_the_oldest_file_comes_first(tmp_path: Path, drop: DropDirectory, clock: Clock) -> None:
    for name, written in (("b.xml", 3), ("a.json", 5), ("c.zip", 1)):
        (tmp_path / name).write_bytes(b"<")
        os.utime(tmp_path / name, (written, written))
    assert settled(drop, clock) == ["c.zip", "b.xml", "a.json"]


def test_a_directory_in_which_nothing_changes_is_not_read_again(
    tmp_path: Path, drop: DropDirectory, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans = 0
    real = os.scandir

    def counted(path: Path) -> "os._ScandirIterator[str]":
        nonlocal scans
        scans += 1
        return real(path)

    monkeypatch.setattr("os.scandir", counted)
    os.utime(tmp_path, (1, 1))
    for _ in range(50):
        drop.ready()
    assert scans == 1
    (tmp_path / "a.xml").write_bytes(b"<")
    assert settled(drop, clock) == ["a.xml"]


def test_a_directory_that_changed_just_now_is_read_again(tmp_path: Path, clock: Clock) -> None:
    drop = DropDirectory(tmp_path, settle_s=0, clock=clock)
    assert drop.ready() == []
    before = tmp_path.stat()
    (tmp_path / "a.xml").write_bytes(b"<")
    os.utime(tmp_path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as a clock with coarse ticks would leave it
    assert drop.ready() == ["a.xml"]


def test_a_thousand_files_are_one_look_at_the_directory(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1_000):
        (tmp_path / f"{number}.xml").touch()
    scans = 0
    real = os.scandir

    def counted(path: Path) -> "os._ScandirIterator[str]":
        nonlocal scans
        scans += 1
        return real(path)

    monkeypatch.setattr("os.scandir", counted)
    drop = DropDirectory(tmp_path, settle_s=0, clock=clock)
    names = drop.ready()
    for name in names:
        drop.done(name, [])
    assert (len(names), drop.ready(), scans) == (1_000, [], 2)


def test_a_taken_file_is_done_and_a_receipt_says_which_event_it_is(
    tmp_path: Path, drop: DropDirectory, clock: Clock
) -> None:
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    drop.done("a.xml", [Receipt("PPN-1/1", "an id")])
    assert (tmp_path / "a.xml.done").read_bytes() == b"<a/>"
    receipt = json.loads((tmp_path / "a.xml.done.receipt").read_text())
    assert receipt == [{"notice": "PPN-1/1", "event": "an id"}]
    assert settled(drop, clock) == []


def test_a_failed_file_is_kept_with_its_reason_in_both_languages(tmp_path: Path, drop: DropDirectory) -> None:
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    drop.failed("a.xml", NotTaken(Reason.NOT_A_NOTICE, "Child/Sex"))
    assert (tmp_path / "a.xml.failed").read_bytes() == b"<a/>"
    reason = json.loads((tmp_path / "a.xml.failed.reason").read_text())
    assert (reason["code"], reason["paths"]) == ("not-a-notice", ["Child/Sex"])
    assert set(reason["remedy"]) == {"cy", "en"}


def test_what_was_kept_under_a_name_is_never_written_over(tmp_path: Path, drop: DropDirectory) -> None:
    for content in (b"first", b"second"):
        (tmp_path / "a.xml").write_bytes(content)
        drop.failed("a.xml", NotTaken(Reason.NOT_XML))
        (tmp_path / "b.xml").write_bytes(content)
        drop.done("b.xml", [])
    for ending in ("failed", "done"):
        assert {path.read_bytes() for path in tmp_path.glob(f"*.{ending}")} == {b"first", b"second"}
    assert all(path.with_name(f"{path.name}.reason").exists() for path in tmp_path.glob("*.failed"))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("notice.pdf", "unknown-format"),
        ("noextension", "unknown-format"),
        ("line\nend.xml", "name"),
        ("bell\x07.xml", "name"),
        ("turned\u202exml.json", "name"),
        ("stream:hidden.xml", "name"),
        ("up\\..\\a.xml", "name"),
        ("long" * 40 + ".xml", "name"),
        (os.fsdecode(b"latin\xe2.xml"), "name"),
    ],
)
def test_a_name_that_is_none_is_refused_and_the_file_kept(
    name: str, code: str, tmp_path: Path, drop: DropDirectory, clock: Clock
) -> None:
    (tmp_path / name).write_bytes(b"kept")
    assert settled(drop, clock) == [name]
    with pytest.raises(NotTaken) as refused:
        drop.read(name, most=MOST)
    drop.failed(name, refused.value)
    (kept,) = tmp_path.glob("*.failed")
    assert kept.read_bytes() == b"kept"
    assert reason_beside(kept) == code
    assert kept.name.isprintable()


def test_a_link_is_not_followed(tmp_path: Path, drop: DropDirectory) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"another system's")
    (tmp_path / "a.xml").symlink_to(secret)
    with pytest.raises(NotTaken) as refused:
        drop.read("a.xml", most=MOST)
    assert refused.value.reason is Reason.NOT_A_PLAIN_FILE
    drop.failed("a.xml", refused.value)
    assert secret.read_bytes() == b"another system's"
    assert not os.path.lexists(tmp_path / "a.xml")


def test_a_pipe_is_not_waited_for(tmp_path: Path, drop: DropDirectory) -> None:
    os.mkfifo(tmp_path / "a.xml")
    with pytest.raises(NotTaken) as refused:
        drop.read("a.xml", most=MOST)
    assert refused.value.reason is Reason.NOT_A_PLAIN_FILE


def test_a_socket_or_a_folder_is_no_file(tmp_path: Path, drop: DropDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has at most 107 bytes
    (tmp_path / "b.xml").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a.xml")
        for name in ("a.xml", "b.xml"):
            with pytest.raises(NotTaken) as refused:
                drop.read(name, most=MOST)
            assert refused.value.reason is Reason.NOT_A_PLAIN_FILE


def test_a_file_above_the_limit_is_not_read(tmp_path: Path, drop: DropDirectory) -> None:
    with (tmp_path / "a.xml").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    with pytest.raises(NotTaken) as refused:
        drop.read("a.xml", most=MOST)
    assert refused.value.reason is Reason.TOO_LARGE


def test_a_file_that_grows_while_it_is_read_is_left_alone(
    tmp_path: Path, drop: DropDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(b"<a>")
    real = os.fdopen

    def growing(handle: int, mode: str, *, closefd: bool) -> object:
        with path.open("ab") as file:
            file.write(b"</a>")
        return real(handle, mode, closefd=closefd)

    monkeypatch.setattr("os.fdopen", growing)
    with pytest.raises(StillGrowing):
        drop.read("a.xml", most=MOST)
    assert path.exists()


def test_what_was_taken_long_ago_is_deleted_and_what_failed_is_kept(tmp_path: Path, drop: DropDirectory) -> None:
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_bytes(b"<")
    drop.done("a.xml", [])
    drop.failed("b.xml", NotTaken(Reason.NOT_XML))
    assert drop.tidy(older_than_s=3600) == 0
    assert drop.tidy(older_than_s=-1) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"b.xml.failed", "b.xml.failed.reason"}
