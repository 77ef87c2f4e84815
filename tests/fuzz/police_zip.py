"""A ZIP file of notices: any bytes are refused, or give entries within the limits, the same ones twice."""

from adapters.police.archive import MAX_ENTRIES, MAX_UNPACKED_BYTES, notices_in
from adapters.police.native import MAX_BYTES
from adapters.police.reasons import NotTaken


def check(data: bytes) -> None:
    """The bytes of a file."""
    try:
        found = list(notices_in(data))
    except NotTaken:
        return
    sizes = [len(content) for _, _, content in found]
    if not 0 < len(sizes) <= MAX_ENTRIES or max(sizes) > MAX_BYTES or sum(sizes) > MAX_UNPACKED_BYTES:
        raise AssertionError("more than the limits came out")
    if any(suffix not in (".xml", ".json") for _, suffix, _ in found):
        raise AssertionError("something else than a notice came out")
    if found != list(notices_in(data)):
        raise AssertionError("a second look found something else")
