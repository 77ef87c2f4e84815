"""A ZIP file is opened only where nothing in it can do harm, and then taken whole."""

import io
import struct
import zipfile
import zlib

import pytest

from adapters.police.archive import MAX_ZIP_BYTES, notices_in
from adapters.police.reasons import NotTaken, Reason


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return written.getvalue()


def refused(content: bytes) -> Reason:
    with pytest.raises(NotTaken) as refusal:
        next(iter(notices_in(content)))
    return refusal.value.reason


def test_the_notices_come_in_the_order_in_which_they_were_packed() -> None:
    content = packed(("b.xml", b"<b/>"), ("a.JSON", b"{}"))
    assert list(notices_in(content)) == [(1, ".xml", b"<b/>"), (2, ".json", b"{}")]


@pytest.mark.parametrize(
    "name",
    ["../up.xml", "/root.xml", "folder/a.xml", "..\\up.xml", "C:a.xml", "a\0.xml", "line\nend.xml", ".hidden.xml"],
)
def test_a_name_that_is_a_path_is_refused(name: str) -> None:
    plain = "n" * len(name)
    content = packed((plain, b"<a/>")).replace(plain.encode(), name.encode())
    assert refused(content) is Reason.ZIP_PATH


def test_a_folder_is_refused() -> None:
    assert refused(packed(("folder/", b""))) is Reason.ZIP_PATH


def test_a_link_is_refused() -> None:
    link = zipfile.ZipInfo("a.xml")
    link.external_attr = 0o120777 << 16
    assert refused(packed((link, b"/secret"))) is Reason.ZIP_PATH


def test_an_archive_in_an_archive_is_refused() -> None:
    assert refused(packed(("inner.zip", packed(("a.xml", b"<a/>"))))) is Reason.ZIP_NESTED


def test_an_entry_packed_more_than_a_hundredfold_is_refused() -> None:
    assert refused(packed(("a.xml", bytes(900_000)))) is Reason.ZIP_TOO_MUCH


def test_an_entry_above_a_notices_size_is_refused() -> None:
    assert refused(packed(("a.xml", bytes(1024 * 1024 + 1)), method=zipfile.ZIP_STORED)) is Reason.ZIP_TOO_MUCH


def test_too_many_entries_are_refused_before_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    content = packed(*((f"{number}.xml", b"") for number in range(1001)))

    def forbidden(*_: object) -> None:
        raise AssertionError("the directory was read")

    monkeypatch.setattr("adapters.police.archive.ZipFile", forbidden)
    assert refused(content) is Reason.ZIP_TOO_MUCH


def test_too_much_in_all_is_refused() -> None:
    block = b"".join(struct.pack("<I", zlib.crc32(bytes([n % 256, n // 256]))) for n in range(2_000)) * 120
    content = packed(*((f"{number}.xml", block) for number in range(70)))
    assert len(content) < MAX_ZIP_BYTES
    assert refused(content) is Reason.ZIP_TOO_MUCH


def test_a_size_that_lies_about_what_is_packed_is_refused() -> None:
    content = packed(("a.xml", b"<a>" + bytes(range(200)) + b"</a>"))
    real, lie = struct.pack("<I", 207), struct.pack("<I", 20)
    assert refused(content.replace(real, lie)) is Reason.ZIP_BROKEN


def test_a_broken_entry_refuses_the_whole_before_any_is_given() -> None:
    content = packed(("a.xml", b"<a/>"), ("b.xml", b"<second/>"), method=zipfile.ZIP_STORED)
    assert refused(content.replace(b"<second/>", b"<sicond/>", 1)) is Reason.ZIP_BROKEN


def test_an_encrypted_entry_is_refused() -> None:
    content = bytearray(packed(("a.xml", b"<a/>")))
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 0x1
    assert refused(bytes(content)) is Reason.ZIP_ENCRYPTED


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(method: int) -> None:
    assert refused(packed(("a.xml", b"<a/>"), method=method)) is Reason.ZIP_BROKEN


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused() -> None:
    assert refused(packed(("a.xml", b"<a/>"), ("a.xml", b"<b/>"))) is Reason.ZIP_BROKEN


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06", b"no archive" * 100, packed()])
def test_what_is_no_archive_or_empty_is_refused(content: bytes) -> None:
    assert refused(content) is Reason.ZIP_BROKEN


def test_zip64_is_refused() -> None:
    content = packed(("a.xml", b"<a/>"))
    at = content.index(b"PK\x05\x06")
    assert refused(content[:at] + b"PK\x06\x07" + bytes(16) + content[at:]) is Reason.ZIP_BROKEN


def test_a_cut_off_archive_is_refused_wherever_it_is_cut() -> None:
    content = packed(("a.xml", b"<a/>"), ("b.xml", b"<b/>"))
    assert {refused(content[:length]) for length in range(0, len(content) - 1, 7)} == {Reason.ZIP_BROKEN}
