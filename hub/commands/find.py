"""`dolen find`: which notifications fit, by ids and by what they are, never by a name: names are not here."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from contracts.parties import agency_uri
from hub.commands.stack import STATE, JsonOption, StateOption
from hub.commands.trace import NOT_FOUND, WelshOption
from hub.observe.labels import Label, Language
from hub.observe.waterfall import console
from hub.outcomes import Outcome, iso_time
from hub.settings import load_settings
from hub.store.asked import Asked, id_of
from hub.store.find import Cursor, Found
from hub.store.find import find as found_by

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
_OUTCOMES = {
    Outcome.ACCEPTED: Label.ACCEPTED,
    Outcome.DUPLICATE: Label.DUPLICATE,
    Outcome.CONFLICT: Label.CONFLICT,
    Outcome.REJECTED: Label.REJECTED,
}


def find(
    id_: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="Of a notification, an event, an episode, a child by the sender's reference, a trace, or a record.",
        ),
    ] = None,
    *,
    recipient: Annotated[
        str | None, typer.Option("--recipient", metavar="PARTY", help="Told this agency or /schools/….")
    ] = None,
    sender: Annotated[str | None, typer.Option("--sender", metavar="PARTY", help="Sent by this one.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Event type, with or without its beginning.")] = None,
    outcome: Annotated[Outcome | None, typer.Option("--outcome", help="What became of it.")] = None,
    unopened: Annotated[bool, typer.Option("--unopened", help="Only what the recipient has not opened.")] = False,
    since: Annotated[datetime | None, typer.Option("--since", formats=_TIMES, help="Broker time; UTC.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", formats=_TIMES, help="Exclusive; UTC.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    before: Annotated[str | None, typer.Option("--before", metavar="CURSOR", help="The next page.")] = None,
    state: StateOption = STATE,
    as_json: JsonOption = False,
    cymraeg: WelshOption = False,
) -> None:
    """Find notifications in the projector's tables, the newest first; all that is given has to fit."""
    from hub.store.database import connect, reading  # SQL is loaded where it is used

    language = Language.CY if cymraeg else Language.EN
    named, cursor = id_of(id_) if id_ else None, Cursor.parse(before) if before else None
    if id_ and named is None:
        raise typer.BadParameter(Label.NO_ID.say(language), param_hint="ID")
    if before and cursor is None:
        raise typer.BadParameter("give what the page before ended with", param_hint="--before")
    if unopened and recipient is None:
        raise typer.BadParameter("it is a recipient who opens: give --recipient too", param_hint="--unopened")
    asked = Asked(
        id=named,
        recipient=_party(recipient),
        source=_party(sender),
        type=_type(type_),
        outcome=outcome.value if outcome is not None else None,
        unopened=unopened,
        since_ms=_ms(since),
        until_ms=_ms(until),
    )
    engine = connect(load_settings(state_dir=state))
    try:
        with reading(engine) as connection:
            page = found_by(connection, asked, before=cursor, limit=limit)
    finally:
        engine.dispose()
    if as_json:
        more = str(page.more) if page.more is not None else None
        typer.echo(json.dumps({"found": [_data(row) for row in page.rows], "more": more}, indent=2))
    elif page.rows:
        console().print(_table(page.rows, language))
        if page.more is not None:
            typer.echo(Label.MORE.say(language, cursor=page.more))
    if not page.rows:
        typer.echo(Label.NOTHING_FITS.say(language), err=True)
        raise typer.Exit(NOT_FOUND)


def _table(rows: Any, language: Language) -> Table:
    labels = (Label.ARRIVED, Label.OUTCOME, Label.EVENT, Label.SENDER, Label.TOLD, Label.NOT_TOLD)
    table = Table(
        *(Column(label.say(language), overflow="fold") for label in labels),
        box=None,
        pad_edge=False,
        header_style="dim",
    )
    for row in rows:
        kind = (row.type or Label.UNKNOWN.say(language)).removeprefix("wales.child-protection.")
        table.add_row(
            iso_time(row.at_ms),
            _OUTCOMES[Outcome(row.outcome)].say(language),
            f"{kind}\n{row.event_id or row.coordinates}",
            row.source or Label.UNKNOWN.say(language),
            str(row.told),
            str(row.not_told),
        )
    return table


def _data(row: Found) -> dict[str, Any]:
    return {"coordinates": row.coordinates, "time": iso_time(row.at_ms), **asdict(row)}


def _party(text: str | None) -> str | None:
    return text if text is None or text.startswith("/") else agency_uri(text)


def _type(text: str | None) -> str | None:
    if text is None or text.startswith("wales.child-protection."):
        return text
    return f"wales.child-protection.{text}" if text.endswith(".v1") else f"wales.child-protection.{text}.v1"


def _ms(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return int((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp() * 1000)
