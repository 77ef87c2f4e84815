"""Decides whether a ZIP file may be opened, and gives the notices in it, one at a time and never onto the disk."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from adapters.police.names import is_plain
from adapters.police.native import MAX_BYTES
from adapters.police.reasons import NotTaken, Reason

MAX_ZIP_BYTES = 16 * 1024 * 1024
MAX_ENTRIES = 1000
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
MAX_RATIO = 100
"""A notice of repeated phrases packs some twentyfold."""

_MAX_DIRECTORY_BYTES = 1024 * 1024
_END = struct.Struct("<4s4H2LH")
"""The end of the central directory (APPNOTE.TXT 4.3.16)."""
_END_MARK, _ZIP64_MARK = b"PK\x05\x06", b"PK\x06\x07"
_BROKEN = (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, struct.error)


def notices_in(content: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Number from 1, suffix and bytes of each entry.

    Raises NotTaken before the first is given if any entry breaks a rule or can't be unpacked: a ZIP file is taken
    whole or not at all, though a notice in it may still be one that can't be translated.
    """
    _check_directory(content)
    try:
        archive = ZipFile(io.BytesIO(content))
    except _BROKEN:  # its message may quote a name
        raise NotTaken(Reason.ZIP_BROKEN) from None
    with archive:
        entries = archive.infolist()
        _check(entries)
        for entry in entries:
            _unpacked(archive, entry)
        for number, entry in enumerate(entries, 1):
            yield number, _suffix(entry), _unpacked(archive, entry)


def _check_directory(content: bytes) -> None:
    """ZipFile reads the whole directory into objects before anybody can look at it."""
    if len(content) > MAX_ZIP_BYTES:
        raise NotTaken(Reason.TOO_LARGE)
    at = content.rfind(_END_MARK, max(0, len(content) - _END.size - 0xFFFF))
    if at < 0 or at + _END.size > len(content) or content.rfind(_ZIP64_MARK, max(0, at - 20), at) >= 0:
        raise NotTaken(Reason.ZIP_BROKEN)
    _, _, _, _, entries, size, _, _ = _END.unpack_from(content, at)
    if entries > MAX_ENTRIES or size > _MAX_DIRECTORY_BYTES:
        raise NotTaken(Reason.ZIP_TOO_MUCH)


def _check(entries: list[ZipInfo]) -> None:
    if not entries or len({entry.filename for entry in entries}) != len(entries):
        raise NotTaken(Reason.ZIP_BROKEN)
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise NotTaken(Reason.ZIP_TOO_MUCH)
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise NotTaken(Reason.ZIP_ENCRYPTED)
        # `filename` is already cut at a NUL and turned to slashes; the name as it was packed counts.
        if not is_plain(entry.orig_filename) or entry.is_dir() or _is_link(entry):
            raise NotTaken(Reason.ZIP_PATH)
        if _suffix(entry) not in (".xml", ".json"):
            raise NotTaken(Reason.ZIP_NESTED)
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise NotTaken(Reason.ZIP_BROKEN)
        if entry.file_size > MAX_BYTES or entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise NotTaken(Reason.ZIP_TOO_MUCH)


def _unpacked(archive: ZipFile, entry: ZipInfo) -> bytes:
    # Never more than the size that the directory names, which is checked; a stream that holds more fails its CRC.
    try:
        return archive.read(entry)
    except _BROKEN:
        raise NotTaken(Reason.ZIP_BROKEN) from None


def _suffix(entry: ZipInfo) -> str:
    return PurePosixPath(entry.filename).suffix.lower()


def _is_link(entry: ZipInfo) -> bool:
    return (entry.external_attr >> 28) == 0xA  # the Unix mode's file type
