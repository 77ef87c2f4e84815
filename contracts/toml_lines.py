"""On which line of a TOML file a value stands, since the standard library's parser forgets it."""

import re

_TABLE = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+)\s*=")
_STRING = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|#.*')


def line_of(content: str, path: tuple[str | int, ...]) -> int | None:
    """The line, from 1, of a value at a path such as ("agencies", 3), ("organisation", 0, "kind") or ("inbox", "at").

    Where the value is missing, the line of what it is missing from; None where that is the whole file. Knows files
    with one level of tables and lists of strings, which is all that a network file has.
    """
    lines = content.splitlines()
    table, start, end = "", 0, len(lines)
    if len(path) > 1 and isinstance(path[1], int) and _table_starts(lines, str(path[0])):
        starts = _table_starts(lines, str(path[0]))
        start = starts[min(path[1], len(starts) - 1)]
        table, path = str(path[0]), path[2:]
        end = next((n for n in range(start + 1, len(lines)) if _TABLE.match(lines[n])), len(lines))
    elif path and (starts := _table_starts(lines, str(path[0]))):
        start = starts[0]
        table, path = str(path[0]), path[1:]
        end = next((n for n in range(start + 1, len(lines)) if _TABLE.match(lines[n])), len(lines))
    if not path:
        return start + 1
    for number in range(start, end):
        found = _KEY.match(lines[number])
        if found and found[1] == str(path[0]):
            return _element(lines, number, path[1]) if len(path) > 1 and isinstance(path[1], int) else number + 1
        if not table and _TABLE.match(lines[number]):
            break
    return start + 1 if table else None


def _table_starts(lines: list[str], name: str) -> list[int]:
    found = ((number, _TABLE.match(line)) for number, line in enumerate(lines))
    return [number for number, match in found if match and match[1] == name]


def _element(lines: list[str], number: int, index: int) -> int:
    """The line of one string of a list of strings that begins on a line."""
    count = -1
    for at in range(number, len(lines)):
        for token in _STRING.findall(lines[at].partition("=")[2] if at == number else lines[at]):
            count += not token.startswith("#")
            if count == index:
                return at + 1
    return number + 1
