"""Decides what is wrong with an output that was found for what had to be written."""

from collections.abc import Callable, Iterable, Iterator

import orjson

from hub.audit import ids
from hub.audit.codes import Code
from hub.audit.compared import compared
from hub.audit.expected import Kind, Wanted, plain
from hub.audit.report import Report
from hub.audit.source import Record, Source
from hub.audit.spool import FoundRow, Match, Spool, WantedRow

EXPLAINED = 500
"""Outputs in a lane that are read again to say in what they differ."""

TWICE = {Kind.NOTIFICATION: Code.DOUBLED, Kind.RECEIPT: Code.RECEIPT_TWICE, Kind.LETTER: Code.LETTER_TWICE}
_PLAINLY = {
    Kind.NOTIFICATION: Code.VALUE_CHANGED,
    Kind.RECEIPT: Code.RECEIPT_WRONG,
    Kind.LETTER: Code.LETTER_WRONG,
}


class Partners:
    """Tells of one lane's pairs in which something is wrong."""

    def __init__(
        self, lane: int, source: Source, spool: Spool, report: Report, *, again: Callable[[Record], Iterable[Wanted]]
    ) -> None:
        """`again` works out once more what had to be written of an inbound record."""
        self._lane = lane
        self._source = source
        self._spool = spool
        self._report = report
        self._again = again
        self._explained = 0

    def tell(self, match: Match) -> None:
        """Tell all that is wrong with one pair."""
        wanted, there, rank = match
        kind = Kind(wanted.kind)
        if rank > 1:
            elsewhere = wanted.topic != there.topic and kind is Kind.NOTIFICATION
            self._found(Code.NOBODY_ENTITLED if elsewhere else TWICE[kind], match, wanted.who)
            return
        for code in _wrong(wanted, there):
            self._found(code, match, wanted.who)
        if wanted.content is not None and wanted.content != there.content:
            for code, detail in self._differences(match, kind):
                if (code, detail) != (Code.WRONG_ENVELOPE, "id"):  # told as a wrong id
                    self._found(code, match, detail)

    def _found(self, code: Code, match: Match, detail: str) -> None:
        name, (wanted, there, _) = self._spool.name, match
        self._report.found(
            code,
            f"{name(there.topic)}/{self._lane}/{there.place}",
            about=f"{name(wanted.about_topic)}/{self._lane}/{wanted.about}",
            detail=detail,
        )

    def _differences(self, match: Match, kind: Kind) -> Iterator[tuple[Code, str]]:
        """In what an output differs: both sides are read again, since the spool holds no content."""
        wanted, there, _ = match
        self._explained += 1
        if self._explained > EXPLAINED:
            yield _PLAINLY[kind], "not looked at: too many"
            return
        record = self._source.record((self._spool.name(wanted.about_topic), self._lane), wanted.about)
        output = self._source.record((self._spool.name(there.topic), self._lane), there.place)
        if record is None or output is None or output.value is None:
            yield _PLAINLY[kind], "gone meanwhile"
            return
        document = orjson.loads(output.value)
        for each in self._again(record):
            if each.kind is kind and ids.tag(each.id) == wanted.id and each.document is not None:
                yield from compared(kind, each.document, plain(document) if kind is Kind.RECEIPT else document)


def _wrong(wanted: WantedRow, there: FoundRow) -> Iterator[Code]:
    if wanted.topic != there.topic:
        yield Code.WRONG_TOPIC
    if wanted.id != there.id:
        yield Code.WRONG_ID
    if wanted.key is not None and wanted.key != there.key:
        yield Code.WRONG_KEY
    if wanted.trace != there.trace:
        yield Code.WRONG_TRACE
    if not there.headers:
        yield Code.WRONG_HEADERS
    if wanted.sha256 is not None and wanted.sha256 != there.sha256:
        yield Code.WRONG_DIGEST
