"""`dolen policy diff`: whom a draft of the policy would tell, and whom no longer, of what agencies really sent."""

import asyncio
import json
import re
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from hub.commands.stack import STATE, JsonOption, StateOption
from hub.commands.trace import WelshOption
from hub.observe.labels import DIFFERENCES, Label, Language, reason
from hub.observe.waterfall import console
from hub.outcomes import iso_time
from hub.settings import load_settings

if TYPE_CHECKING:
    from hub.observe.policy_diff import Difference

_BACK = re.compile(r"([1-9][0-9]{0,4})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def diff(
    draft: Annotated[Path, typer.Argument(metavar="DRAFT", help="The draft's folder.", exists=True, file_okay=False)],
    *,
    since: Annotated[str, typer.Option("--since", help="How far back: 7d, 12h, 30m, or a day as 2026-11-23.")] = "7d",
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many records, the newest.")] = 100_000,
    state: StateOption = STATE,
    as_json: JsonOption = False,
    cymraeg: WelshOption = False,
) -> None:
    """Read archived traffic anew by the policy in force and by a draft: who would be told, and who would no longer."""
    from hub.app import marks_secret  # what reads Kafka is loaded where it is used
    from hub.observe.policy_diff import difference
    from hub.policy_file import Policy
    from hub.raw_records import read_any_header
    from hub.rules import RulesFiles

    read_any_header()
    settings = load_settings(state_dir=state)
    rules = RulesFiles(settings, marks_secret=marks_secret(settings)).current
    wanted = Policy.load(rules.directory, draft)
    now = datetime.now(UTC)
    found = asyncio.run(
        difference(
            settings,
            rules,
            wanted,
            since_ms=int(_moment(since, now).timestamp() * 1000),
            now_ms=time.time_ns() // 1_000_000,
            most=most,
        )
    )
    if as_json:
        typer.echo(json.dumps(_data(found), indent=2, ensure_ascii=False))
    else:
        _show(found, most, Language.CY if cymraeg else Language.EN)


def _moment(since: str, now: datetime) -> datetime:
    back = _BACK.fullmatch(since)
    if back is not None:
        return now - timedelta(**{_UNITS[back[2]]: int(back[1])})
    try:
        return datetime.strptime(since, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise typer.BadParameter("give 7d, 12h, 30m, or a day as 2026-11-23", param_hint="--since") from None


def _data(found: "Difference") -> dict[str, Any]:
    whole = {name: getattr(found, name) for name in ("today", "draft", "cut", "read", "events")}
    changes = [
        {**asdict(change), "count": number, "events": found.examples[change]}
        for change, number in found.changes.most_common()
    ]
    sums = {"told_today": found.told_today, "told_by_draft": found.told_by_draft}
    return {**whole, "since": iso_time(found.since_ms), **sums, "same": found.same, "changes": changes}


def _show(found: "Difference", most: int, language: Language) -> None:
    typer.echo(
        Label.COMPARED.say(
            language,
            events=found.events,
            read=found.read,
            since=iso_time(found.since_ms),
            today=found.told_today,
            policy=found.today,
            told=found.told_by_draft,
            draft=found.draft,
        )
    )
    if found.cut:
        typer.echo(Label.COMPARED_CUT.say(language, most=most))
    if found.same:
        typer.echo(Label.NO_DIFFERENCE.say(language))
        return
    labels = (Label.NUMBER, Label.PARTY, Label.DIFFERENCE, Label.TYPE, Label.EXAMPLES)
    columns = (Column(label.say(language), overflow="fold") for label in labels)
    table = Table(*columns, box=None, pad_edge=False, header_style="dim")
    for change, number in found.changes.most_common():
        views = " → ".join(filter(None, (change.before, change.after)))
        why = f"\n{reason(change.reason, language)}" if change.reason else ""
        table.add_row(
            str(number),
            change.recipient,
            f"{DIFFERENCES[change.what].say(language)}\n{views}\n{change.rule}{why}",
            change.type.removeprefix("wales.child-protection."),
            "\n".join(found.examples[change]),
        )
    console().print(table)
