"""`dolen schools`: who may sign in to the schools' portal, and for which school or education desk."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from adapters.schools.clock import wall_clock
from adapters.schools.places import Places
from adapters.schools.reader import Right
from adapters.schools.roles import SCHOOL_ROLES, Role
from adapters.schools.settings import SchoolsSettings
from contracts.directory import Directory
from contracts.parties import agency_uri, school_uri
from hub.commands.agency import as_our_errors
from hub.errors import StartRefused, Unavailable

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

app = typer.Typer(help="The schools' portal.", no_args_is_help=True)
person = typer.Typer(help="Who may sign in to the portal.", no_args_is_help=True)
app.add_typer(person, name="person")
webhook = typer.Typer(help="A school's own system that is told too (Standard Webhooks).", no_args_is_help=True)
app.add_typer(webhook, name="webhook")

ConfigArgument = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="The adapter's file, as `dolen run adapter` has it.")
]
SubjectOption = Annotated[str, typer.Option(help="`sub` of the person at the identity provider.")]
AtOption = Annotated[str, typer.Option("--at", help="A school's number, or an education desk: cardiff-education.")]


@person.command()
def add(
    config: ConfigArgument,
    *,
    subject: SubjectOption,
    name: Annotated[str, typer.Option(help="Shown to colleagues at the school, never sent to anybody.")],
    at: AtOption,
    role: Annotated[Role, typer.Option(help="What the person is there.")],
    email: Annotated[str | None, typer.Option(help="Where to tell that something waits.")] = None,
    mobile: Annotated[str | None, typer.Option(help="The same by text message.")] = None,
) -> None:
    """Add a person, or a right to one who is there."""
    from adapters.schools.store import people  # SQLAlchemy: slow to import

    settings = _settings(config)
    right = Right(_party(at, role, settings), role)

    async def added(connection: "AsyncConnection") -> None:
        await people.put(
            connection,
            subject=subject,
            name=name,
            granted=(right,),
            email=email,
            mobile=mobile,
            at=wall_clock(),
        )

    _run(settings, added)
    typer.echo(f"{subject} may sign in as {role.value} of {right.party}.")


@person.command("list")
def list_(
    config: ConfigArgument, *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script.")] = False
) -> None:
    """Print everybody who may sign in, with rights."""
    from adapters.schools.store import people

    everybody = _run(_settings(config), people.everybody)
    if as_json:
        found = [
            {
                "subject": one.subject,
                "name": one.name,
                "rights": [[right.party, right.role.value] for right in one.rights],
            }
            for one in everybody
        ]
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    table = Table("subject", "name", "at", "role")
    for one in everybody:
        for right in one.rights:
            table.add_row(one.subject, one.name, right.party, right.role.value)
    Console().print(table)


@person.command()
def remove(
    config: ConfigArgument,
    *,
    subject: SubjectOption,
    at: Annotated[str | None, typer.Option("--at", help="This school or desk alone; else all of them.")] = None,
) -> None:
    """Take a person's rights away, and sign the person out at once."""
    from adapters.schools.store import people

    settings = _settings(config)
    party = None if at is None else _uri(at)
    if not _run(settings, lambda connection: people.remove(connection, subject, party=party)):
        typer.echo(f"There is nobody with the subject {subject}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{subject} may no longer sign in{f' for {at}' if at else ''}.")


@webhook.command("set")
def set_(
    config: ConfigArgument,
    *,
    at: AtOption,
    url: Annotated[str, typer.Option(help="https, at a public address.")],
    owner: Annotated[str, typer.Option(help="E-mail address that is told when it is turned off.")],
    whole: Annotated[bool, typer.Option("--whole", help="By agreement: all that the notification says.")] = False,
) -> None:
    """Name the address of a school's own system; prints its secret, once."""
    from adapters.schools.store import webhooks

    settings = _settings(config)
    party = _party(at, Role.DSP, settings)
    secret = _run(settings, lambda connection: webhooks.set_up(connection, party, url=url, owner=owner, whole=whole))
    typer.echo(secret)


@webhook.command()
def rotate(config: ConfigArgument, *, at: AtOption) -> None:
    """Make a new secret and print it, once; the old one signs too for seven days."""
    from adapters.schools.store import webhooks

    secret = _run(_settings(config), lambda connection: webhooks.rotate(connection, _uri(at), wall_clock()))
    if secret is None:
        _no_webhook(at)
    typer.echo(secret)


@webhook.command("remove")
def remove_webhook(config: ConfigArgument, *, at: AtOption) -> None:
    """Call a school's own system no more."""
    from adapters.schools.store import webhooks

    if not _run(_settings(config), lambda connection: webhooks.remove(connection, _uri(at))):
        _no_webhook(at)
    typer.echo(f"{at} has no webhook any more.")


def _no_webhook(at: str) -> NoReturn:
    typer.echo(f"{at} has no webhook: `dolen schools webhook set` makes one.", err=True)
    raise typer.Exit(1)


def _settings(config: Path) -> SchoolsSettings:
    from adapters.sdk.configuration import load_configuration

    with as_our_errors():
        settings: SchoolsSettings = load_configuration(config).settings(SchoolsSettings)
    return settings


def _party(at: str, role: Role, settings: SchoolsSettings) -> str:
    directory = Directory.of(settings.schools_csv)
    place = Places(directory, settings.successors).of(_uri(at))
    if place is None:
        raise StartRefused(f"--at {at}: neither a school number nor an education desk of the directory")
    if place.party.startswith("/schools/") != (role in SCHOOL_ROLES):
        raise StartRefused(f"--role {role.value}: dsp, deputy and head are at a school, desk at an education desk")
    return place.party


def _uri(at: str) -> str:
    return school_uri(at) if at.isdigit() else agency_uri(at)


def _run(settings: SchoolsSettings, work: Callable[["AsyncConnection"], Awaitable[T]]) -> T:
    from sqlalchemy.exc import SQLAlchemyError

    from adapters.schools.store.database import engine, make_tables

    async def connected() -> T:
        database = engine(settings.database_url.get_secret_value(), connections=1)
        try:
            await make_tables(database)
            async with database.begin() as connection:
                return await work(connection)
        finally:
            await database.dispose()

    try:
        with as_our_errors():
            return asyncio.run(connected())
    except SQLAlchemyError as failure:
        raise Unavailable(
            f"the portal's database can't be used ({type(failure).__name__}); see [schools] database_url"
        ) from None
