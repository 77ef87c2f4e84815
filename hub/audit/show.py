"""Lays an audit's report out to be read."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from hub.audit.codes import Code, Note
from hub.audit.report import KEPT, Report
from hub.audit.words import Word

LISTED = 20
"""Violations that are laid out one by one."""


def show(report: Report, *, welsh: bool = False) -> Iterator[RenderableType]:
    """The report's parts: balances, what is wrong, what could not be judged, and the verdict last."""
    yield _accounts(report, welsh)
    if not report.clean:
        yield _codes(report, welsh)
        yield _violations(report, welsh)
        told = min(LISTED, len(report.violations))
        if (left := report.counts.total() - told) > 0:
            yield Text(Word.MORE.say(welsh=welsh, count=left, kept=KEPT))
    for note in Note:
        if count := report.notes[note]:
            text = Word.NOTE.say(welsh=welsh, count=count, note=note.cy if welsh else note.en, code=note.code)
            yield Text(text, style="yellow")
    outcomes = ", ".join(f"{name} {count}" for name, count in sorted(report.outcomes.items()))
    yield Text(f"{Word.OUTCOMES.say(welsh=welsh)}: {outcomes or '–'}")
    yield _verdict(report, welsh)


def _verdict(report: Report, welsh: bool) -> Text:
    word = Word.CLEAN if report.clean else Word.VIOLATIONS
    said = word.say(
        welsh=welsh,
        count=report.counts.total(),
        inbound=report.inbound,
        outputs=report.outputs,
        letters=report.letters,
    )
    return Text(said, style="bold green" if report.clean else "bold red")


def _accounts(report: Report, welsh: bool) -> Table:
    numbers = (Word.DUE, Word.THERE, Word.RECEIPTS_DUE, Word.THERE)
    columns = [Column(word.say(welsh=welsh), justify="right") for word in numbers]
    table = Table(Word.AGENCY.say(welsh=welsh), *columns, box=None, pad_edge=False)
    for agency, books in sorted(report.accounts.items()):
        row = books.due, books.there, books.receipts_due, books.receipts_there
        table.add_row(agency, *map(str, row), style="" if books.balanced else "bold red")
    return table


def _codes(report: Report, welsh: bool) -> Table:
    words = (Word.CODE, Word.COUNT, Word.MEANING)
    table = Table(*(word.say(welsh=welsh) for word in words), box=None, pad_edge=False)
    for code in Code:
        if report.counts[code]:
            table.add_row(code.code, str(report.counts[code]), code.cy if welsh else code.en)
    return table


def _violations(report: Report, welsh: bool) -> Table:
    words = (Word.CODE, Word.PLACE, Word.ABOUT, Word.DETAIL)
    columns = (Column(word.say(welsh=welsh), overflow="fold") for word in words)
    table = Table(*columns, box=None, pad_edge=False)
    for violation in report.violations[:LISTED]:
        # Text, not markup: coordinates and field paths may hold brackets.
        cells = (violation.code.code, violation.at, violation.about, violation.detail)
        table.add_row(*(Text(cell) for cell in cells))
    return table
