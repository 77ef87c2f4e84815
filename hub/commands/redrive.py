"""`dolen dead-letters redrive` and what goes with it: send on what was refused, once its cause is mended."""

import contextlib
import getpass
import json
import os
import pwd
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from hub.access_report import Operator
from hub.commands.stack import STATE, JsonOption, StateOption
from hub.commands.trace import WelshOption
from hub.errors import NotAllowed
from hub.observe.labels import Label, Language, reason
from hub.observe.waterfall import console
from hub.record import Coordinates
from hub.redrive.words import NOT_ALLOWED, VERDICTS
from hub.settings import load_settings
from hub.store.asked import IdForm, id_of

NOT_DONE = 1
"""Exit code where something that was asked for does not go, or is not allowed."""

LettersArgument = Annotated[
    list[str], typer.Argument(metavar="COORDINATES…", help="topic/partition/offset, as `list` prints it.")
]
RedriveArgument = Annotated[str, typer.Argument(metavar="REDRIVE", help="The re-drive's id, as `redrive` prints it.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in one line; it is recorded. No name, no number.")]
AsOption = Annotated[
    str | None, typer.Option("--as", metavar="ID", help="Who you are, where several share this login; recorded.")
]


def redrive(
    letters: LettersArgument,
    why: ReasonOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen now.")] = False,
    as_: AsOption = None,
    state: StateOption = STATE,
    as_json: JsonOption = False,
    cymraeg: WelshOption = False,
) -> None:
    """Send a dead letter on once its cause is mended; more than one waits for a second person's `approve`."""
    if not (why or dry_run):
        raise typer.BadParameter("say why, or only try it with --dry-run", param_hint="--reason")
    language, by = _language(cymraeg), _operator(as_)
    with _desk(state, language) as desk:
        wanted = [_coordinates(text) for text in letters]
        if dry_run:
            trials, made = desk.try_out(wanted, by), None
        else:
            made, trials = desk.ask(wanted, by, why=why)
            if made is not None and made.state == "approved":
                made = desk.carry_out(made.id, by)
    if as_json:
        data = {"redrive": None if made is None else asdict(made), "letters": [_trial_data(each) for each in trials]}
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        _show(trials, language)
        if made is not None:
            typer.echo(_said(made, language))
    if not any(trial.goes for trial in trials) or (made is not None and _left_out(made)):
        raise typer.Exit(NOT_DONE)


def approve(
    redrive_id: RedriveArgument,
    why: ReasonOption,
    as_: AsOption = None,
    state: StateOption = STATE,
    as_json: JsonOption = False,
    cymraeg: WelshOption = False,
) -> None:
    """Agree to a re-drive that somebody else asked for, and send its letters on."""
    language, by = _language(cymraeg), _operator(as_)
    with _desk(state, language) as desk:
        desk.approve(redrive_id, by, why=why)
        made = desk.carry_out(redrive_id, by)
    _end(made, as_json=as_json, language=language)


def resume(
    redrive_id: RedriveArgument,
    as_: AsOption = None,
    state: StateOption = STATE,
    as_json: JsonOption = False,
    cymraeg: WelshOption = False,
) -> None:
    """Go on with a re-drive that was agreed to and broken off."""
    language, by = _language(cymraeg), _operator(as_)
    with _desk(state, language) as desk:
        made = desk.carry_out(redrive_id, by)
    _end(made, as_json=as_json, language=language)


def decline(
    redrive_id: RedriveArgument,
    why: ReasonOption,
    as_: AsOption = None,
    state: StateOption = STATE,
    cymraeg: WelshOption = False,
) -> None:
    """Say no to a re-drive that somebody else asked for: its letters are free again."""
    language = _language(cymraeg)
    with _desk(state, language) as desk:
        typer.echo(_said(desk.decline(redrive_id, _operator(as_), why=why), language))


def set_aside(
    letters: LettersArgument,
    why: ReasonOption,
    as_: AsOption = None,
    state: StateOption = STATE,
    cymraeg: WelshOption = False,
) -> None:
    """Keep that letters are not to be sent on: no later letter of their child waits for them any more."""
    language = _language(cymraeg)
    with _desk(state, language) as desk:
        desk.set_aside([_coordinates(text) for text in letters], _operator(as_), why=why)
    typer.echo(Label.SET_ASIDE_DONE.say(language, count=len(letters)))


@contextlib.contextmanager
def _desk(state: Any, language: Language) -> Iterator[Any]:
    """A desk; what is not allowed ends the command with a sentence in the reader's language."""
    from hub.redrive.desk import make_desk  # SQL is loaded where it is used
    from hub.store.database import connect, writing
    from hub.store.migrate import migrate

    settings = load_settings(state_dir=state)
    engine = connect(settings)
    try:
        with writing(engine) as connection:
            migrate(connection)
        with make_desk(settings, engine) as desk:
            yield desk
    except NotAllowed as refused:
        typer.echo(NOT_ALLOWED[refused.rule].say(language, about=refused.about), err=True)
        raise typer.Exit(NOT_DONE) from None
    finally:
        engine.dispose()


def _operator(as_: str | None) -> Operator:
    """Whoever has the hub's files may do anything here: the login is recorded, and who of those that share it."""
    try:
        login = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        login = getpass.getuser()
    return Operator(f"cli:{login}:{as_}" if as_ else f"cli:{login}", "operator")


def _coordinates(text: str) -> Coordinates:
    found = id_of(text)
    if found is None or found.form is not IdForm.RECORD:
        raise typer.BadParameter("give topic/partition/offset, as `dolen dead-letters list` prints it")
    topic, partition, offset = found.text.rsplit("/", 2)
    return Coordinates(topic, int(partition), int(offset))


def _language(cymraeg: bool) -> Language:
    return Language.CY if cymraeg else Language.EN


def _end(made: Any, *, as_json: bool, language: Language) -> None:
    typer.echo(json.dumps(asdict(made), indent=2, ensure_ascii=False) if as_json else _said(made, language))
    if _left_out(made):
        raise typer.Exit(NOT_DONE)


def _left_out(made: Any) -> bool:
    return any(each.state == "not-sent" for each in made.letters)


def _said(made: Any, language: Language) -> str:
    heading = {
        "asked": Label.REDRIVE_WAITS,
        "declined": Label.REDRIVE_DECLINED,
    }.get(made.state, Label.REDRIVE_DONE)
    sent = [each for each in made.letters if each.state == "sent"]
    lines = [heading.say(language, id=made.id, sent=len(sent), count=len(made.letters))]
    for each in made.letters:
        if each.state == "sent":
            lines.append(f"  {each.at} → {each.sent_to}")
        elif each.why_not is not None:
            lines.append(f"  {each.at}: {VERDICTS[each.why_not].say(language)}")
    return "\n".join(lines)


def _show(trials: Sequence[Any], language: Language) -> None:
    labels = (Label.LETTER, Label.IF_SENT_ON, Label.REASON)
    columns = (Column(label.say(language), overflow="fold") for label in labels)
    table = Table(*columns, box=None, pad_edge=False, header_style="dim")
    table.columns[0].no_wrap = True
    for trial in trials:
        verdict = VERDICTS[trial.verdict].say(language)
        behind = f"\n{trial.behind}" if trial.behind is not None else ""
        later = f"\n{Label.OVERTAKEN.say(language, count=trial.overtaken_by)}" if trial.overtaken_by else ""
        table.add_row(trial.letter.letter_id, f"{verdict}{behind}{later}", "\n".join(_grounds(trial, language)))
    console().print(table)


def _grounds(trial: Any, language: Language) -> Iterator[str]:
    for fault in trial.faults:
        yield f"{fault.code} {fault.path or Label.WHOLE_EVENT.say(language)} {fault.rule}".rstrip()
    for decision in trial.decisions:
        said = (Label.TOLD if decision.told else Label.NOT_TOLD).say(language)
        yield f"{said}: {decision.recipient} ({decision.view or reason(decision.reason, language)})"


def _trial_data(trial: Any) -> dict[str, Any]:
    return {
        "letter": trial.letter.letter_id,
        "verdict": trial.verdict.value,
        "times": trial.times,
        "decisions": [decision.model_dump() for decision in trial.decisions],
        "faults": [fault.model_dump() for fault in trial.faults],
        "versions": trial.versions.model_dump() if trial.versions is not None else None,
        "behind": str(trial.behind) if trial.behind is not None else None,
        "overtaken_by": trial.overtaken_by,
    }
