"""Decides whether the bytes of a file are a notice: hardened XML by `notice.xsd`, or JSON of the same names."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from jiter import from_json
from pydantic import ValidationError
from xmlschema import XMLSchema, XMLSchemaConverter, XMLSchemaValidationError

from adapters.police.notice import PublicProtectionNotice
from adapters.police.reasons import NotTaken, Reason

NAMESPACE = "urn:dolen:police:notice:1"
ROOT = "PublicProtectionNotice"
MAX_BYTES = 1024 * 1024
"""XML is wordier than the event that it becomes, which has at most 256 KiB."""

_MOST_FAULTS = 16
_DECLARED = re.compile(r"<\?xml[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]*)[\"']")
_STEP = re.compile(r"([A-Za-z]+)(\[[0-9]+\])?")


@dataclass(frozen=True, slots=True)
class NotificationFile:
    """A notification as a file for the force's system."""

    name: str
    """By the notification's id, and so the same at each retry."""
    content: bytes


def read(name: str, content: bytes) -> PublicProtectionNotice:
    """The notice that a file holds, by what its name ends in; raises NotTaken."""
    if len(content) > MAX_BYTES:
        raise NotTaken(Reason.TOO_LARGE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotTaken(Reason.NOT_UTF8) from None
    if not text.strip("\0 \t\r\n"):
        raise NotTaken(Reason.EMPTY)
    suffix = Path(name).suffix.lower()
    if suffix == ".json":
        return _notice(text.encode())
    if suffix == ".xml":
        return _notice(orjson.dumps(_decoded(_parsed(text))))
    raise NotTaken(Reason.UNKNOWN_FORMAT)


def write(native: NotificationFile) -> bytes:
    """The bytes of a notification's file."""
    return native.content


def _parsed(text: str) -> Element:
    declared = _DECLARED.match(text)
    if declared is not None and declared[1].upper() not in ("UTF-8", "UTF8"):
        raise NotTaken(Reason.NOT_UTF8)
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except DefusedXmlException:
        raise NotTaken(Reason.FORBIDDEN_XML) from None
    except (ParseError, ValueError):  # its message may quote the input
        raise NotTaken(Reason.NOT_XML) from None
    return root


def _decoded(root: Element) -> dict[str, Any]:
    if root.tag != f"{{{NAMESPACE}}}{ROOT}":
        raise NotTaken(Reason.NOT_A_NOTICE, ROOT)
    found = _schema().iter_decode(
        root, validation="lax", converter=XMLSchemaConverter, attr_prefix="", text_key="Text", strip_namespaces=True
    )
    results = list(islice(found, _MOST_FAULTS + 1))
    faults = [result for result in results if isinstance(result, XMLSchemaValidationError)]
    if faults or len(results) != 1:
        raise NotTaken(Reason.NOT_A_NOTICE, *dict.fromkeys(_path(fault.path) for fault in faults))
    decoded = cast("dict[str, Any]", _with_empty_parts(results[0]))
    decoded.pop("schemaLocation", None)  # exporters name a schema; the one beside this module is used
    return decoded


def _with_empty_parts(decoded: Any) -> Any:
    """An element without content, which xmlschema decodes to None, is there and empty: it says something."""
    if isinstance(decoded, dict):
        return {name: _with_empty_parts(value) for name, value in decoded.items()}
    if isinstance(decoded, list):
        return [_with_empty_parts(value) for value in decoded]
    return {} if decoded is None else decoded


@cache
def _schema() -> XMLSchema:
    return XMLSchema(Path(__file__).with_name("notice.xsd"), allow="local", defuse="always", use_fallback=False)


def _path(written: str | None) -> str:
    """A path as the schema's error has it, without the root, and without a word that the schema does not have."""
    steps = re.sub(r"\{[^}]*\}", "", written or "").split("/")[2:]
    return "/".join(step if _is_known(step) else "*" for step in steps) or ROOT


def _is_known(step: str) -> bool:
    found = _STEP.fullmatch(step)
    return found is not None and found[1] in _words()


@cache
def _words() -> frozenset[str]:
    names = (component.name or "" for component in _schema().iter_components())
    return frozenset(name.rpartition("}")[2] for name in names)


def _notice(content: bytes) -> PublicProtectionNotice:
    try:
        from_json(content, catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError as wrong:  # its message may quote the input
        raise NotTaken(Reason.DUPLICATE_KEY if "duplicate" in str(wrong).lower() else Reason.NOT_JSON) from None
    try:
        return PublicProtectionNotice.model_validate_json(content)
    except ValidationError as wrong:
        raise NotTaken(Reason.NOT_A_NOTICE, *dict.fromkeys(_located(wrong))) from None


def _located(wrong: ValidationError) -> list[str]:
    paths = []
    for detail in wrong.errors(include_input=False, include_context=False, include_url=False)[:_MOST_FAULTS]:
        steps: list[str] = []
        for step in detail["loc"]:
            if isinstance(step, int) and steps:
                steps[-1] += f"[{step + 1}]"
            else:
                steps.append(str(step))
        if detail["type"] == "extra_forbidden":
            steps[-1] = "*"  # the sender's own word, which may be a name
        paths.append("/".join(steps) or ROOT)
    return paths
