"""Decides which dead letters an operator asked for, and shows each: codes, fields and remedies, never a payload."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from contracts.faults import EXPLANATIONS, Explanation, FaultCode
from contracts.parties import agency_of
from contracts.rules import TEXTS, Rule, RuleText
from contracts.topics import PAYLOAD_RETENTION_MS
from hub.dead_letter import DeadLetter
from hub.names import Names
from hub.observe.labels import Label, Language
from hub.observe.search import Topics
from hub.outcomes import iso_time
from hub.written import FaultEntry


async def read_letters(
    topics: Topics, names: Names, *, reason: str | None = None, sender: str | None = None
) -> list[DeadLetter]:
    """Dead letters with a fault of this code, from this agency (by its signature or its claim), oldest first."""
    found = [letter async for letter in _letters(topics, names, range(topics.lanes)) if _wanted(letter, reason, sender)]
    return sorted(found, key=lambda letter: (letter.at.time_ms, letter.letter_id))


async def read_letter(topics: Topics, names: Names, letter_id: str) -> DeadLetter | None:
    """The dead letter of one inbound record; it stands in the same partition number."""
    lane = int(letter_id.split("/")[1])
    if lane >= topics.lanes:
        return None
    found = [letter async for letter in _letters(topics, names, [lane]) if letter.letter_id == letter_id]
    return found[0] if found else None


def as_data(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter for scripts, with each fault explained in both languages."""
    return {
        "id": letter.letter_id,
        **letter.model_dump(exclude={"faults"}),
        "time": iso_time(letter.at.time_ms),
        "payload_readable_until": iso_time(letter.at.time_ms + PAYLOAD_RETENTION_MS),
        "faults": [_fault_data(fault) for fault in letter.faults],
    }


def listed(letters: Iterable[DeadLetter], language: Language) -> RenderableType:
    """A table: each letter's id, time, sender, type and faults."""
    table = _table(Label.LETTER, Label.SENDER, Label.FAULTS, language=language)
    table.columns[0].no_wrap = True
    for letter in letters:
        codes = dict.fromkeys(fault.code for fault in letter.faults)
        kind = (letter.event_type or "").removeprefix("wales.child-protection.") or Label.UNKNOWN.say(language)
        table.add_row(
            f"{letter.letter_id}\n{iso_time(letter.at.time_ms)}",
            f"{_sender(letter, language)}\n{kind}",
            "\n".join(f"{code} {_title(code, language)}" for code in codes),
        )
    return table


def shown(letter: DeadLetter, language: Language, *, now_ms: int | None = None) -> RenderableType:
    """One letter, whole; titles and remedies in both languages, since its sender may read either."""
    heading = Table.grid(padding=(0, 2))
    until = letter.at.time_ms + PAYLOAD_RETENTION_MS
    expired = until < (time.time_ns() // 1_000_000 if now_ms is None else now_ms)
    first = letter.first
    rows = (
        (Label.LETTER, letter.letter_id),
        (Label.OUTCOME, (Label.CONFLICT if letter.outcome == "conflict" else Label.REJECTED).say(language)),
        (Label.ARRIVED, iso_time(letter.at.time_ms)),
        (Label.SENDER, _sender(letter, language)),
        (Label.SIGNER, f"{letter.signer or Label.UNPROVEN.say(language)}  {letter.key_id or ''}"),
        (Label.EVENT, f"{letter.event_id or Label.UNKNOWN.say(language)}  {letter.event_type or ''}"),
        (Label.FIRST, f"{first['topic']}/{first['partition']}/{first['offset']}" if first else None),
        (Label.EXPIRED if expired else Label.READABLE_UNTIL, iso_time(until)),
    )
    for label, value in rows:
        if value is not None:
            heading.add_row(Text(label.say(language), style="dim"), Text(value, overflow="fold"))
    return Group(heading, *(_fault(fault, language) for fault in letter.faults))


def _fault(fault: FaultEntry, language: Language) -> RenderableType:
    where = fault.path or Label.WHOLE_EVENT.say(language)
    heading = Text.assemble("\n", (fault.code, "red"), "  ", (where, "bold"), "  ", (fault.rule, "dim"))
    return Group(heading, *(Padding(Text(line), (0, 0, 0, 2)) for line in _explained(fault)))


def _explained(fault: FaultEntry) -> Iterator[str]:
    """What is wrong and what to do about it, in Welsh and then in English."""
    known, rule = _explanation(fault.code), _rule(fault.rule)
    if known is not None:
        yield f"{known.title_cy}{f': {rule.cy}' if rule else ''}. {known.remedy_cy}"
        yield f"{known.title_en}{f': {rule.en}' if rule else ''}. {known.remedy_en}"


async def _letters(topics: Topics, names: Names, lanes: Iterable[int]) -> AsyncIterator[DeadLetter]:
    async for records in topics.read(names.dead_letters, lanes):
        for record in records:
            yield DeadLetter.model_validate_json(record.value or b"")


def _wanted(letter: DeadLetter, reason: str | None, sender: str | None) -> bool:
    if reason is not None and all(fault.code != reason for fault in letter.faults):
        return False
    if sender is None:
        return True
    claimed = letter.source
    return letter.signer == sender or (claimed is not None and sender in (claimed, agency_of(claimed)))


def _sender(letter: DeadLetter, language: Language) -> str:
    named = letter.source or letter.signer or Label.UNKNOWN.say(language)
    return named if letter.signer is not None else f"{named}\n({Label.UNPROVEN.say(language)})"


def _fault_data(fault: FaultEntry) -> dict[str, Any]:
    known, rule = _explanation(fault.code), _rule(fault.rule)
    data = fault.model_dump()
    if known is not None:
        data |= asdict(known)
    if rule is not None:
        data |= {"rule_en": rule.en, "rule_cy": rule.cy}
    return data


def _title(code: str, language: Language) -> str:
    known = _explanation(code)
    if known is None:
        return ""
    return known.title_cy if language is Language.CY else known.title_en


def _explanation(code: str) -> Explanation | None:
    """None for a code that a newer hub wrote."""
    return EXPLANATIONS[FaultCode(code)] if code in set(FaultCode) else None


def _rule(name: str) -> RuleText | None:
    """None for a rule that the type's JSON Schema states."""
    return TEXTS[Rule(name)] if name in set(Rule) else None


def _table(*labels: Label, language: Language) -> Table:
    """A table that breaks long ids rather than cutting them: they are there to be copied."""
    columns = (Column(label.say(language), overflow="fold") for label in labels)
    return Table(*columns, box=None, pad_edge=False, header_style="dim")
