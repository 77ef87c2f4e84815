"""Says what a fault is, and what to do about it, in one language."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.faults import EXPLANATIONS, FaultCode
from contracts.rules import TEXTS, Rule
from hub.written import FaultEntry


@dataclass(frozen=True, slots=True)
class FaultShown:
    """One fault, explained in one language."""

    code: str
    path: str
    title: str
    remedy: str
    rule: str


def explained(faults: Sequence[FaultEntry], language: str) -> list[FaultShown]:
    """Faults as a page shows them; of a code that is newer than this program, the code alone."""
    return [_fault(fault.code, fault.path, fault.rule, language) for fault in faults]


def title_of(code: str, language: str) -> str:
    """What a code is called."""
    return _fault(code, "", "", language).title


def _fault(code: str, path: str, rule: str, language: str) -> FaultShown:
    welsh = language == "cy"
    known = EXPLANATIONS[FaultCode(code)] if code in set(FaultCode) else None
    text = TEXTS[Rule(rule)] if rule in set(Rule) else None
    return FaultShown(
        code,
        path,
        title="" if known is None else known.title_cy if welsh else known.title_en,
        remedy="" if known is None else known.remedy_cy if welsh else known.remedy_en,
        rule=rule if text is None else text.cy if welsh else text.en,
    )
