"""`dolen adapter`: what a person does about an adapter: write one, look at its store, and decide what stands still."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from hub.commands.agency import as_our_errors
from hub.commands.stack import JsonOption
from hub.errors import StartRefused

if TYPE_CHECKING:  # SQLAlchemy is slow to import
    from adapters.sdk.about import About
    from adapters.sdk.inbox import Inbox
    from adapters.sdk.outbox import StoredOutbox
    from adapters.sdk.parked import Parked
    from adapters.sdk.pseudonyms import Pseudonyms
    from adapters.sdk.standing import OutboxStanding
    from adapters.sdk.store import Store

app = typer.Typer(help="Write an adapter, see what waits at an agency, go on where it stands still.")
parked_app = typer.Typer(help="Children whose notifications stand still after too many failures.")
app.add_typer(parked_app, name="parked")

ConfigurationArgument = Annotated[
    Path,
    typer.Argument(metavar="CONFIG.toml", help="The adapter's file at this agency; the adapter may run meanwhile."),
]
DeliveryArgument = Annotated[str, typer.Argument(metavar="ID", help="Of the notification, as `list` prints it.")]


class Language(StrEnum):
    """In which a reason is written."""

    CY = "cy"
    EN = "en"


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The folder's name, such as court_orders.")],
    into: Annotated[Path | None, typer.Option(help="Where to put it; beside the other adapters if not given.")] = None,
) -> None:
    """Write the folder of a new adapter: it passes the suite as it is; fixtures come first."""
    from adapters.sdk.about import FOLDER
    from adapters.sdk.new import new_adapter

    with as_our_errors():
        folder = new_adapter(name, into or FOLDER)
    typer.echo(f"{folder}: written. Begin with {folder / 'fixtures'}; adapters/sdk/README.md says what goes where.")


@app.command("list")
def list_adapters(*, as_json: JsonOption = False) -> None:
    """List the adapters there are: for whom, what each publishes and is told, who keeps it."""
    from adapters.sdk.about import about_all

    found = about_all()
    if as_json:
        typer.echo(json.dumps([_as_data(one) for one in found], indent=2, ensure_ascii=False))
        return
    table = Table("name", "title", "for", "publishes", "is told", "kept by")
    for one in found:
        lists = (", ".join(sorted(part)) for part in (one.kinds, one.publishes, one.subscribes))
        table.add_row(one.name, one.title_en, *lists, one.owner)
    Console().print(table)


@app.command()
def outbox(
    configuration: ConfigurationArgument,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many of each, the oldest.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Show what waits for the hub's receipt, what the hub rejected, and what could not be translated."""
    from adapters.sdk.standing import outbox_standing

    with _opened(configuration) as at:
        standing = at.store.look(partial(outbox_standing, made=at.store.tables, outbox=at.outbox, limit=limit))
    if as_json:
        typer.echo(json.dumps(asdict(standing), indent=2, ensure_ascii=False))
        return
    _show_outbox(standing)


@parked_app.command("list")
def list_parked(configuration: ConfigurationArgument, *, as_json: JsonOption = False) -> None:
    """List the children that stand still, each by the notification at which it does."""
    found = _parked(configuration)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2))
        return
    if not found:
        typer.echo("Nothing stands still.")
        return
    for one in found:
        typer.echo(
            f"{one.delivery}  {one.type} number {one.sequence} from {one.source}: {one.reason}, {one.tries} tries, "
            f"stands since {_when(one.parked_at)}, {one.behind} behind it"
        )


@parked_app.command("show")
def show_parked(
    configuration: ConfigurationArgument, delivery: DeliveryArgument, *, as_json: JsonOption = False
) -> None:
    """Show one: ids, times, tries and reason, never what it says."""
    found = next((one for one in _parked(configuration) if one.delivery == delivery), None)
    if found is None:
        typer.echo(f"{delivery}: no child stands still at this notification", err=True)
        raise typer.Exit(1)
    facts = asdict(found)
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        typer.echo(f"{name:10} {_when(value) if name.endswith('_at') else value}")


@parked_app.command("retry")
def retry_parked(
    configuration: ConfigurationArgument, delivery: DeliveryArgument, *, as_json: JsonOption = False
) -> None:
    """Let the child go on with this notification, which gets as many tries as at first."""
    from adapters.sdk.parked import retry

    with _opened(configuration) as at:
        operation: Callable[[Any], None] = partial(retry, made=at.store.tables, delivery=delivery)
        asyncio.run(at.store.write(operation))
    typer.echo(json.dumps({"retried": delivery}) if as_json else f"{delivery}: is tried again.")


@parked_app.command("skip")
def skip_parked(
    configuration: ConfigurationArgument,
    delivery: DeliveryArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the sender to read.")],
    *,
    language: Annotated[Language, typer.Option("--language", help="Of the reason.")] = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Let the child go on without this notification; its sender is told that it was refused, and why."""
    from adapters.sdk.outcome import Refused
    from adapters.sdk.parked import skip

    if not reason.strip():
        raise typer.BadParameter("say why: the sender reads it", param_hint="--reason")
    told: Literal["cy", "en"] = "cy" if language is Language.CY else "en"
    with _opened(configuration) as at:
        operation: Callable[[Any], bool] = partial(
            skip,
            inbox=at.inbox,
            made=at.store.tables,
            delivery=delivery,
            refusal=Refused("other", reason.strip(), told),
            pseudonyms=at.pseudonyms,
        )
        answered = asyncio.run(at.store.write(operation))
    if as_json:
        typer.echo(json.dumps({"skipped": delivery, "sender_is_told": answered}))
    else:
        typer.echo(f"{delivery}: skipped; {'its sender is told' if answered else 'there is no sender to tell'}.")


def _as_data(one: "About") -> dict[str, Any]:
    return {
        "name": one.name,
        "title": {"en": one.title_en, "cy": one.title_cy},
        "owner": one.owner,
        "kinds": sorted(one.kinds),
        "publishes": sorted(one.publishes),
        "subscribes": sorted(one.subscribes),
    }


class _Opened(NamedTuple):
    """An adapter's store, beside the adapter that works on it."""

    store: "Store"
    outbox: "StoredOutbox"
    inbox: "Inbox"
    pseudonyms: "Pseudonyms"


@contextmanager
def _opened(path: Path) -> Iterator[_Opened]:
    from adapters.sdk.configuration import load_configuration
    from adapters.sdk.credentials import load_credentials
    from adapters.sdk.inbox import Inbox
    from adapters.sdk.keys import pseudonym_key
    from adapters.sdk.outbox import StoredOutbox
    from adapters.sdk.pseudonyms import Pseudonyms
    from adapters.sdk.store import Store

    with as_our_errors():
        configuration = load_configuration(path)
        file = configuration.file
        credentials = load_credentials(configuration.beside(file.credentials))
        # The adapter makes key and store at its first start. A command that made them would hide a misspelt path.
        key, sqlite = configuration.beside(file.pseudonym_key), configuration.store_url.removeprefix("sqlite:///")
        for needed in (key, *([Path(sqlite)] if sqlite != configuration.store_url else [])):
            if not needed.exists():
                raise StartRefused(f"{needed}: is not there; has this adapter ever run (`dolen run adapter {path}`)?")
        pseudonyms = Pseudonyms(credentials.agency, pseudonym_key(key))
        with Store(configuration.store_url, schema=file.store_schema, alone=False) as store:
            outbox = StoredOutbox(store, pseudonyms)
            window_ms = int(file.inbox.window_s * 1000)
            yield _Opened(store, outbox, Inbox(store, outbox, window_ms=window_ms), pseudonyms)


def _parked(configuration: Path) -> "list[Parked]":
    from adapters.sdk.parked import parked

    with _opened(configuration) as at:
        return at.store.look(partial(parked, made=at.store.tables))


def _show_outbox(standing: "OutboxStanding") -> None:
    """In lines, not in a table: ids are copied, and a narrow terminal would cut them."""
    counts = standing.counts
    oldest = "" if counts.oldest_at is None else f", the oldest since {_when(counts.oldest_at)}"
    typer.echo(
        f"{counts.waiting} wait for the hub's receipt{oldest}; {counts.rejected} rejected; "
        f"{counts.untranslated} not translated"
    )
    for event in standing.events:
        typer.echo(
            f"{event.event}  {event.type} number {event.sequence}: {event.state}, taken {_when(event.taken_at)}, "
            f"sent {event.times_sent} times"
        )
        for fault in event.faults:
            typer.echo(f"  {fault['code']} {fault.get('path', '')}: {fault['remedy']}")
    for record in standing.untranslated:
        typer.echo(f"{record.reference}  {record.code} {record.path}: {record.remedy}, seen {_when(record.seen_at)}")


def _when(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
