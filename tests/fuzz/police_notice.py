"""A notice in XML or JSON: any bytes are a notice or refused by code and path; what is read can be written and read."""

import re

from adapters.police.far import json_of, xml_of
from adapters.police.inbound import to_event
from adapters.police.native import read
from adapters.police.reasons import NotTaken
from adapters.sdk.composing import composed
from adapters.sdk.outgoing import NotAnEvent
from adapters.sdk.pseudonyms import Pseudonyms

FORCE = Pseudonyms("south-wales-police", bytes(range(32)))
PATH = re.compile(r"(\*|[A-Za-z]+)(\[[0-9]+\])*(/(\*|[A-Za-z]+)(\[[0-9]+\])*)*")
NOT_XML = re.compile("[\ufffe\uffff]")


def check(data: bytes) -> None:
    """The bytes of a file; what begins like JSON is called so."""
    name = "notice.json" if data.lstrip().startswith(b"{") else "notice.xml"
    try:
        notice = read(name, data)
        draft = to_event(notice, FORCE)
    except NotTaken as refused:
        if not all(PATH.fullmatch(path) for path in refused.paths):
            raise AssertionError("a path holds more than the schema's own words") from None
        return
    written = json_of(notice)
    if read("again.json", written) != notice:
        raise AssertionError("what is written as JSON is read as something else")
    if not NOT_XML.search(written.decode()) and read("again.xml", xml_of(notice)) != notice:
        raise AssertionError("what is written as XML is read as something else")
    try:
        composed(draft, FORCE)
    except NotAnEvent:  # a rule between fields
        return
