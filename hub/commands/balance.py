"""`dolen balance`: whether accepted = delivered + not told + dead, for each recipient; exit code 1 when off by one."""

import json
import time
from dataclasses import asdict

import typer
from rich.table import Column, Table

from hub.commands.stack import STATE, JsonOption, StateOption
from hub.commands.trace import WelshOption
from hub.names import Names
from hub.observe.labels import Label, Language
from hub.observe.waterfall import console
from hub.settings import load_settings

OFF = 1
"""Exit code where a sum is off."""


def balance(state: StateOption = STATE, as_json: JsonOption = False, cymraeg: WelshOption = False) -> None:
    """Add up what was decided and what came back, for each recipient, and say whether everything has its place."""
    from hub.store.balance import balance as books_of  # SQL is loaded where it is used
    from hub.store.database import connect, reading

    language = Language.CY if cymraeg else Language.EN
    settings = load_settings(state_dir=state)
    names, engine = Names(settings.topic_prefix), connect(settings)
    try:
        with reading(engine) as connection:
            now_ms = time.time_ns() // 1_000_000
            books = books_of(connection, ledger=names.ledger, dead_letters=names.dead_letters, now_ms=now_ms)
    finally:
        engine.dispose()
    if as_json:
        typer.echo(json.dumps({**asdict(books), "events": books.events, "holds": books.holds}, indent=2))
    else:
        labels = (
            *(Label.PARTY, Label.TOLD, Label.NOT_TOLD, Label.DELIVERED, Label.OPENED, Label.ACCEPTED_BY),
            *(Label.REFUSED, Label.UNANSWERED),
        )
        table = Table(
            *(Column(label.say(language), overflow="fold") for label in labels),
            box=None,
            pad_edge=False,
            header_style="dim",
        )
        for each in books.recipients:
            counts = (each.told, each.not_told, each.delivered, each.opened, each.accepted_by, each.refused)
            table.add_row(each.recipient, *map(str, (*counts, each.unanswered)))
        console().print(table)
        sums = {name: getattr(books, name) for name in ("events", "accepted", "duplicate", "conflict", "rejected")}
        typer.echo(Label.BOOKS.say(language, **sums))
        typer.echo((Label.BOOKS_HOLD if books.holds else Label.BOOKS_OFF).say(language))
        for off in books.imbalances:
            typer.echo(f"  {off.rule}: {off.expected} ≠ {off.found}")
    if not books.holds:
        raise typer.Exit(OFF)
