"""Draws what a run of the demo came to."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.faults import EXPLANATIONS, FaultCode
from contracts.network import Network
from contracts.parties import SCHOOLS, agency_of
from hub.demo.check import Findings
from hub.demo.counted import Check
from hub.demo.phrases import Phrase
from hub.observe.labels import Language, reason
from hub.outcomes import Outcome

_OUTCOMES = {
    Outcome.ACCEPTED: Phrase.ACCEPTED,
    Outcome.DUPLICATE: Phrase.DUPLICATE,
    Outcome.CONFLICT: Phrase.CONFLICT,
    Outcome.REJECTED: Phrase.REJECTED,
}


def tables(findings: Findings, network: Network, language: Language, *, of_story: int, rate: float) -> RenderableType:
    """Everything that was counted."""
    parts = (
        _rows(Phrase.CAME.say(language), _came_in(findings, language, of_story)),
        _rows(Phrase.RECIPIENT.say(language), _recipients(findings, network, language)),
        _rows(Phrase.NOT_TOLD.say(language), _not_told(findings, language)),
        _rows(Phrase.DEAD_LETTERS.say(language), _letters(findings, language)),
        _rows(Phrase.LATENCY.say(language), _latency(findings, language, rate)),
        *([_systems(findings, network, language)] if findings.systems else []),
        _checks(findings.checks, language),
    )
    return Group(*(Padding(part, (1, 0, 0, 0)) for part in parts))


def verdict(findings: Findings, language: Language) -> Text:
    """Whether every number is right."""
    if findings.right:
        return Text(Phrase.ALL_RIGHT.say(language), style="bold green")
    return Text(Phrase.NOT_RIGHT.say(language), style="bold red")


Row = tuple[str, str]


def _came_in(findings: Findings, language: Language, of_story: int) -> Iterator[Row]:
    yield Phrase.IN.say(language), f"{findings.outcomes.total():,}"
    yield f"  {Phrase.OF_STORY.say(language)}", f"{of_story:,}"
    for outcome, phrase in _OUTCOMES.items():
        yield f"  {phrase.say(language)}", f"{findings.outcomes[outcome]:,}"


def _recipients(findings: Findings, network: Network, language: Language) -> Iterator[Row]:
    by_agency: Counter[str] = Counter()
    parties: Counter[str] = Counter()
    for party, number in findings.delivered.items():
        by_agency[agency_of(party)] += number
        parties[agency_of(party)] += 1
    for agency, number in by_agency.most_common():
        many = f" ({parties[agency]})" if agency == SCHOOLS else ""
        yield f"{_name(network, agency, language)}{many}", f"{number:,}"


def _not_told(findings: Findings, language: Language) -> Iterator[Row]:
    for code, number in findings.not_told.most_common():
        yield reason(code, language), f"{number:,}"


def _letters(findings: Findings, language: Language) -> Iterator[Row]:
    for code, number in sorted(findings.letters.items()):
        explanation = EXPLANATIONS[FaultCode(code)]
        yield f"{code}  {explanation.title_cy if language is Language.CY else explanation.title_en}", f"{number:,}"


def _latency(findings: Findings, language: Language, rate: float) -> Iterator[Row]:
    yield Phrase.EVENTS_A_SECOND.say(language, rate=f"{rate:.0f}"), ""
    for name, share in (("p50", 0.50), ("p99", 0.99)):
        yield f"  {name}", Phrase.MS.say(language, ms=f"{findings.percentile_ms(share):,}")


def _systems(findings: Findings, network: Network, language: Language) -> RenderableType:
    table = _table(Phrase.SYSTEMS.say(language))
    table.show_header = True
    table.add_column(overflow="fold")
    for phrase in (Phrase.SAID, Phrase.DUE, Phrase.REFUSED, Phrase.HAS, Phrase.ANSWERED):
        table.add_column(phrase.say(language), justify="right")
    for one in findings.systems:
        numbers = (one.said, one.due, one.refused, one.once, one.answered)
        table.add_row(_name(network, one.agency, language), *(f"{number:,}" for number in numbers))
    return table


def _name(network: Network, agency: str, language: Language) -> str:
    organisation = network.organisations[agency]
    return organisation.name_cy if language is Language.CY else organisation.name_en


def _rows(title: str, rows: Iterator[Row]) -> RenderableType:
    table = _table(title)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for what, number in rows:
        table.add_row(what, number)
    return table


def _checks(checks: Sequence[Check], language: Language) -> RenderableType:
    table = _table(Phrase.CHECKS.say(language))
    table.show_header = True
    table.add_column(overflow="fold")
    table.add_column(Phrase.EXPECTED.say(language), justify="right")
    table.add_column(Phrase.COUNTED.say(language), justify="right")
    table.add_column()
    for check in checks:
        right = Text(Phrase.RIGHT.say(language), style="green")
        wrong = Text(Phrase.WRONG.say(language), style="bold red")
        row = check.phrase.say(language), f"{check.expected:,}", f"{check.counted:,}"
        table.add_row(*row, right if check.right else wrong)
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False, pad_edge=False)
    table.header_style = "dim"
    return table
