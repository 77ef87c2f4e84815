"""Lets a command act as one agency: its file, and the SDK's errors as the command line's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.sdk.credentials import Credentials, credentials_path, load_credentials
from adapters.sdk.errors import (
    AdapterError,
    ConfigurationRefused,
    CredentialsRefused,
    NotConnected,
    NotSent,
    NotStored,
    StoreRefused,
)
from adapters.sdk.outgoing import NotAnEvent
from hub.errors import DolenError, StartRefused, Unavailable


def credentials_of(agency: str, state: Path) -> Credentials:
    """The agency's file below the state directory; refuses one that is missing, and names those that are there."""
    path = credentials_path(state, agency)
    if not path.exists():
        there = ", ".join(sorted(known.stem for known in path.parent.glob("*.toml")))
        raise StartRefused(
            f"{path}: there is no such file; "
            + (f"this network has {there}" if there else "run `dolen up` and `dolen provision` first")
        )
    with as_our_errors():
        return load_credentials(path)


@contextmanager
def as_our_errors() -> Iterator[None]:
    """Give an error of the SDK the exit code that it deserves."""
    try:
        yield
    except (ConfigurationRefused, CredentialsRefused, NotAnEvent, StoreRefused) as refused:
        raise StartRefused(str(refused)) from None
    except (NotConnected, NotSent, NotStored) as away:
        raise Unavailable(str(away)) from None
    except AdapterError as failed:
        raise DolenError(str(failed)) from None
