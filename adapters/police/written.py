"""Decides how values are written as XML 1.0, so that a reader gets back what was written."""

from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import Element, indent, tostring

# XML 1.0 has no place for these, not even as a character reference; the contracts let them pass.
_NOT_XML = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}


def element(name: str, *, namespace: str) -> Element:
    """The root of a document all of which is in one namespace."""
    return Element(name, {"xmlns": namespace})


def text_of(value: Any) -> str:
    """A simple value as XML Schema writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value).translate(_NOT_XML)


def document(root: Element) -> bytes:
    """UTF-8 with a declaration, an element a line; a carriage return is written so that it comes back as one."""
    indent(root)
    body: str = tostring(root, encoding="unicode")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body.replace("\r", "&#13;").encode() + b"\n"
