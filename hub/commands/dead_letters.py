"""`dolen dead-letters`: what could not be taken, why, and what its sender can do about it."""

import asyncio
import json
from typing import Annotated

import typer

from contracts.faults import FaultCode
from hub.commands import redrive
from hub.commands.stack import STATE, JsonOption, StateOption
from hub.commands.trace import NOT_FOUND, WelshOption
from hub.names import Names
from hub.observe.labels import Label, Language
from hub.observe.letters import as_data, listed, read_letter, read_letters, shown
from hub.observe.search import KafkaTopics
from hub.observe.trail import Form, query
from hub.observe.waterfall import console
from hub.settings import load_settings

app = typer.Typer(help="What could not be taken, and why: codes, fields and remedies, never a payload.")
app.command()(redrive.redrive)
app.command()(redrive.approve)
app.command()(redrive.decline)
app.command()(redrive.resume)
app.command("set-aside")(redrive.set_aside)


@app.command("list")
def list_letters(
    reason: Annotated[str | None, typer.Option("--reason", metavar="CODE", help="Only this fault: HUB-307.")] = None,
    sender: Annotated[str | None, typer.Option("--sender", metavar="AGENCY", help="Only from this agency.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 100,
    state: StateOption = STATE,
    as_json: JsonOption = False,
    cymraeg: WelshOption = False,
) -> None:
    """List the dead letters, the newest last."""
    language = Language.CY if cymraeg else Language.EN
    settings = load_settings(state_dir=state)
    topics, names = KafkaTopics(settings), Names(settings.topic_prefix)
    letters = asyncio.run(read_letters(topics, names, reason=_code(reason), sender=sender))
    newest = letters[-limit:]
    if as_json:
        typer.echo(json.dumps([as_data(letter) for letter in newest], indent=2, ensure_ascii=False))
        return
    if newest:
        console().print(listed(newest, language))
    typer.echo(_count(len(newest), len(letters), language))


@app.command("show")
def show_letter(
    letter_id: Annotated[str, typer.Argument(metavar="LETTER_ID", help="topic/partition/offset, as `list` prints it.")],
    state: StateOption = STATE,
    as_json: JsonOption = False,
    cymraeg: WelshOption = False,
) -> None:
    """Show one dead letter: its faults, their fields, and the remedy in both languages."""
    language = Language.CY if cymraeg else Language.EN
    asked = query(letter_id)
    if asked is None or asked.form is not Form.LETTER:
        raise typer.BadParameter("give topic/partition/offset, as `dolen dead-letters list` prints it")
    settings = load_settings(state_dir=state)
    letter = asyncio.run(read_letter(KafkaTopics(settings), Names(settings.topic_prefix), asked.text))
    if letter is None:
        typer.echo(Label.NO_SUCH_LETTER.say(language, id=asked.text), err=True)
        raise typer.Exit(NOT_FOUND)
    if as_json:
        typer.echo(json.dumps(as_data(letter), indent=2, ensure_ascii=False))
    else:
        console().print(shown(letter, language))


def _code(reason: str | None) -> str | None:
    if reason is None or reason.upper() in set(FaultCode):
        return reason and reason.upper()
    raise typer.BadParameter(f"there is no such code; there are {', '.join(FaultCode)}", param_hint="--reason")


def _count(shown_count: int, count: int, language: Language) -> str:
    if count == 0:
        return Label.NO_LETTERS.say(language)
    if shown_count < count:
        return Label.LETTERS_CUT.say(language, shown=shown_count, count=count)
    return Label.LETTERS.say(language, count=count)
