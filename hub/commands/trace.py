"""`dolen trace`: the path of one notification, from the ledger and the receipts alone."""

import asyncio
import json
from typing import Annotated

import typer

from hub.commands.stack import STATE, JsonOption, StateOption
from hub.names import Names
from hub.observe.labels import Label, Language
from hub.observe.report import report
from hub.observe.search import KafkaTopics, find
from hub.observe.trail import query
from hub.observe.waterfall import console, waterfall
from hub.raw_records import read_any_header
from hub.settings import load_settings

NOT_FOUND = 1
"""Exit code where nothing has the id."""

WelshOption = Annotated[bool, typer.Option("--cymraeg", help="Yn Gymraeg: Welsh labels.")]


def trace(
    id_: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="Of an event, a notification, a trace, or a record (topic/partition/offset)."
        ),
    ],
    state: StateOption = STATE,
    as_json: JsonOption = False,
    cymraeg: WelshOption = False,
) -> None:
    """Show who sent an event, who was told or not and why, with which view, when, and what they answered."""
    language = Language.CY if cymraeg else Language.EN
    asked = query(id_)
    if asked is None:
        raise typer.BadParameter(Label.NO_ID.say(language), param_hint="ID")
    settings = load_settings(state_dir=state)
    read_any_header()
    trails = asyncio.run(find(asked, KafkaTopics(settings), Names(settings.topic_prefix)))
    if as_json:
        typer.echo(json.dumps([report(trail) for trail in trails], indent=2, ensure_ascii=False))
    for trail in () if as_json else trails:
        console().print(waterfall(trail, language))
    if not trails:
        typer.echo(Label.NOT_FOUND.say(language, id=asked.text), err=True)
        raise typer.Exit(NOT_FOUND)
