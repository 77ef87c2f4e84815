"""Draws the path of one notification: who sent, what was decided and why, who was told what, when, and the answers."""

import time
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from contracts.parties import HUB
from contracts.registry import REGISTRY
from contracts.topics import PAYLOAD_RETENTION_MS
from hub.ledger import DecisionEntry, Versions
from hub.observe.labels import Label, Language, reason
from hub.observe.steps import OUTCOMES, Step, steps
from hub.observe.trail import Recorded, Trail, inbound
from hub.outcomes import Outcome, iso_time

BAR = 20
"""Cells of the time axis: it spans the hub's work on the event, to the last record written."""

EARLIER, LATER = "◂", "▸"
"""Stand at the ends of the axis for what happened outside it."""

_STYLES = {True: "green", False: "red", None: "cyan"}


def waterfall(trail: Trail, language: Language, *, now_ms: int | None = None) -> RenderableType:
    """Everything about one event, for a terminal."""
    parts = [
        _heading(trail, language),
        _path(trail, language),
        _reasons(trail.main, language),
        _ledger(trail, language),
    ]
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    if trail.accepted is not None and now - trail.accepted.entry.at.time_ms > PAYLOAD_RETENTION_MS:
        parts.append(Text(Label.ANSWERS_EXPIRED.say(language), style="dim"))
    return Group(*(Padding(part, (0, 0, 1, 0)) for part in parts))


def title(event_type: str | None, language: Language) -> str:
    """What an event type is called."""
    kind = REGISTRY.get(event_type or "")
    if kind is None:
        return event_type or Label.UNKNOWN.say(language)
    return kind.title_cy if language is Language.CY else kind.title_en


def span(milliseconds: int, language: Language) -> str:
    """A time after the beginning, in the unit that a person would say."""
    sign, left = ("−" if milliseconds < 0 else "+"), abs(milliseconds)
    if left < 60_000:
        return f"{sign}{left:,} ms"
    minutes, seconds = divmod(left // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    day, hour, minute = Label.DAYS.say(language), Label.HOURS.say(language), Label.MINUTES.say(language)
    if days:
        return f"{sign}{days} {day} {hours} {hour}"
    return f"{sign}{hours} {hour} {minutes} {minute}" if hours else f"{sign}{minutes} {minute} {seconds} s"


def party(uri: str) -> str:
    """A party as people write it: an agency by its id."""
    return uri.removeprefix("/agencies/")


def console() -> Console:
    """A console that takes text as it is: what stands in brackets is no markup."""
    return Console(highlight=False, markup=False, emoji=False)


def _heading(trail: Trail, language: Language) -> RenderableType:
    entry = trail.main.entry
    event = entry.event
    table = Table.grid(padding=(0, 2))
    table.title = Text(f"{Label.TITLE.say(language)}: {title(event.type, language)}", style="bold")
    table.title_justify = "left"
    sender = event.source or entry.signer or Label.UNKNOWN.say(language)
    proof = "" if entry.signer is not None else f" ({Label.UNPROVEN.say(language)})"
    rows = (
        (Label.EVENT, f"{event.id or Label.UNKNOWN.say(language)}  {event.type or ''}"),
        (Label.SENDER, f"{sender}{proof}"),
        (Label.HAPPENED, event.time),
        (Label.ARRIVED, iso_time(entry.at.time_ms)),
        (Label.EPISODE, event.correlationid),
        (Label.TRACE, entry.trace.trace_id),
        (Label.OUTCOME, OUTCOMES[Outcome(entry.outcome)].say(language)),
        (Label.VERSIONS, _versions(entry.versions, language)),
    )
    for label, value in rows:
        if value:
            table.add_row(Text(label.say(language), style="dim"), Text(value, overflow="fold"))
    return table


def _versions(versions: Versions, language: Language) -> str:
    named = ((Label.POLICY, versions.policy), (Label.DIRECTORY, versions.directory), (Label.NETWORK, versions.network))
    return ", ".join(f"{label.say(language)} {version}" for label, version in named)


def _path(trail: Trail, language: Language) -> RenderableType:
    taken = steps(trail, language)
    main = trail.main
    axis = max(main.written_ms, main.entry.hub.decided_ms) - main.entry.at.time_ms
    table = _table(
        Label.STEP.say(language),
        Column(Label.WHEN.say(language), justify="right", no_wrap=True),
        Column(f"0 … {axis:,} ms", no_wrap=True, width=BAR),
    )
    for step in taken:
        where = Text(bar(step, axis), style=_STYLES[step.good])
        table.add_row(_step(step, language), span(step.start_ms, language), where)
    return table


def _step(step: Step, language: Language) -> RenderableType:
    who = "" if step.who == HUB else f" {party(step.who)}"
    note = (f" · {step.note}" if step.note else "", "dim")
    return Padding(Text.assemble((step.label.say(language), _STYLES[step.good]), who, note), (0, 0, 0, 2 * step.depth))


def bar(step: Step, axis_ms: int) -> str:
    """Where a step lies on the axis."""
    if step.start_ms > axis_ms:
        return " " * (BAR - 1) + LATER
    if step.end_ms < 0:
        return EARLIER
    cell = BAR / max(axis_ms, 1)
    first = min(BAR - 1, max(0, int(step.start_ms * cell)))
    last = min(BAR, max(first + 1, round(step.end_ms * cell)))
    mark = "▏" if step.end_ms <= step.start_ms else "█" * (last - first)
    return " " * first + mark


def _reasons(record: Recorded, language: Language) -> RenderableType:
    if record.entry.outcome != Outcome.ACCEPTED:
        return Text("")
    if not record.entry.decisions:
        return Text(Label.NO_DECISIONS.say(language))
    labels = (Label.PARTY, Label.REASON, Label.RULE)
    table = _table(*(label.say(language) for label in labels))
    table.title = Text(Label.WHY.say(language), style="bold")
    table.title_justify = "left"
    for decision in sorted(record.entry.decisions, key=lambda decision: not decision.told):
        table.add_row(
            party(decision.recipient),
            _verdict(decision, language),
            "\n".join((decision.rule, f"{decision.basis}, {decision.agreement}")),
        )
    return table


def _verdict(decision: DecisionEntry, language: Language) -> Text:
    told = Label.TOLD if decision.told else Label.NOT_TOLD
    text = Text(f"{told.say(language)}: {reason(decision.reason, language)}", style=_STYLES[decision.told])
    return text.append(f"\n{Label.VIEW.say(language)} {decision.view}", style="default") if decision.view else text


def _ledger(trail: Trail, language: Language) -> RenderableType:
    labels = (Label.RECORD, Label.OUTCOME, Label.CHAIN, Label.HASH)
    table = _table(*(label.say(language) for label in labels))
    table.title = Text(Label.LEDGER.say(language), style="bold")
    table.title_justify = "left"
    for record in (*trail.records, *(answer.recorded for answer in trail.answers)):
        table.add_row(
            f"{record.at} #{record.entry.number}\n({inbound(record.entry)})",
            "\n".join(_outcome(record, language)),
            Text(chain(record).say(language), style=_STYLES[record.chain_holds]),
            record.hash,
        )
    return table


def chain(record: Recorded) -> Label:
    """Whether the chain holds around a record."""
    if not record.chain_holds:
        return Label.CHAIN_BROKEN
    return Label.CHAIN_LAST if record.named_by_the_next is None else Label.CHAIN_HOLDS


def _outcome(record: Recorded, language: Language) -> Iterator[str]:
    entry = record.entry
    yield OUTCOMES[Outcome(entry.outcome)].say(language)
    if entry.outcome in (Outcome.CONFLICT, Outcome.REJECTED):
        yield f"{Label.LETTER.say(language)} {inbound(entry)}"


def _table(*columns: Column | str) -> Table:
    """A table that breaks long ids rather than cutting them: they are there to be copied."""
    ready = (column if isinstance(column, Column) else Column(column, overflow="fold") for column in columns)
    return Table(*ready, box=None, pad_edge=False, header_style="dim")
