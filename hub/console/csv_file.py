"""Writes a table as CSV that a spreadsheet takes as text: nothing in it is run as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from starlette.responses import StreamingResponse

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
_PORTION = 500


def csv_answer(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingResponse:
    """The file, as a browser saves it."""
    return StreamingResponse(
        _portions(heading, rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _portions(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heading)
    for number, row in enumerate(rows, start=1):
        writer.writerow([_cell(value) for value in row])
        if number % _PORTION == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_RUN_BY_SPREADSHEETS):
        return f"'{value}"
    return "" if value is None else value
