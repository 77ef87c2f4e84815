"""What an agency writes down to run an adapter; a wrong file stops the start with file, line and remedy."""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from adapters.sdk.errors import ConfigurationRefused
from contracts.toml_lines import line_of


class Part(BaseModel):
    """A table of the file: a misspelt key is refused, and an error never shows a value, which may be a password."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)


class OutboxSettings(Part):
    """The table `[outbox]`."""

    resend_after_s: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    """Without a receipt for so long, an event is sent again, under its id; the wait doubles, up to an hour."""


class InboxSettings(Part):
    """The table `[inbox]`."""

    group: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")] = "inbox"
    """The consumer group, after the agency's id; two adapters of one agency that each get everything need two."""
    window_s: Annotated[float, Field(ge=0, le=600)] = 2.0
    """How long a notification that comes before its turn waits for those before it."""
    at_once: Annotated[int, Field(ge=1, le=512)] = 64
    """Notifications given to the system at the same time, each of another child; fewer for a weak system."""
    tries: Annotated[int, Field(ge=1, le=10_000)] = 15
    """After so many failures the child is parked, until a person retries or skips."""
    first_wait_s: Annotated[float, Field(gt=0, le=3600)] = 1.0
    """Before the second try; doubles with each."""
    longest_wait_s: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    """The most between two tries."""
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How long the system may take over one notification."""


class AdapterFile(Part):
    """The file, without the adapter's own table."""

    adapter: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    """Which adapter, by its folder's name."""
    credentials: Path
    """The agency's file, as `dolen provision` wrote it."""
    store: SecretStr
    """`sqlite:////var/lib/dolen/police.db`, or `postgresql://user:password@host:port/database`."""
    store_schema: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = "dolen"
    """The store's schema in PostgreSQL."""
    keep_days: Annotated[int, Field(ge=0, le=36_500)] = 30
    """So long the store keeps what a settled event or notification says, and natives that were not translated; then
    their content is cleared, and ids stay, by which a repeat is known. 0 keeps it for good."""
    pseudonym_key: Path
    """The key of the agency's pseudonyms: made at the first start, to be kept for good and backed up apart."""
    outbox: OutboxSettings = OutboxSettings()
    """The table `[outbox]`."""
    inbox: InboxSettings = InboxSettings()
    """The table `[inbox]`."""


@dataclass(frozen=True)
class Configuration:
    """One adapter at one agency."""

    path: Path
    file: AdapterFile
    own: dict[str, Any]
    """The table `[<adapter>]`, not checked yet."""
    text: str

    @property
    def store_url(self) -> str:
        """A relative path of SQLite's is taken from the file's folder."""
        url = self.file.store.get_secret_value()
        prefix = "sqlite:///"
        if url.startswith(prefix) and not url.startswith(f"{prefix}/") and len(url) > len(prefix):
            return f"{prefix}{self.beside(Path(url[len(prefix) :]))}"
        return url

    def beside(self, path: Path) -> Path:
        """A relative path is taken from the file's folder."""
        return path if path.is_absolute() else (self.path.parent / path).resolve()

    def settings(self, model: type[Any]) -> Any:
        """The adapter's own settings; raises ConfigurationRefused."""
        try:
            return model.model_validate(self.own)
        except ValidationError as wrong:
            raise self._refused(wrong, (self.file.adapter,)) from None

    def _refused(self, wrong: ValidationError, within: tuple[str, ...]) -> ConfigurationRefused:
        found = _worst(wrong)
        where = (*within, *found["loc"])
        return _refused(self.path, line_of(self.text, where), f"{'.'.join(map(str, where))}: {found['msg']}")


def load_configuration(path: Path) -> Configuration:
    """Read an adapter's file; raises ConfigurationRefused."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as unreadable:
        raise _refused(path, None, f"the file can't be read ({unreadable.strerror})") from None
    except UnicodeDecodeError:
        raise _refused(path, None, "the file is not UTF-8") from None
    except tomllib.TOMLDecodeError as wrong:
        raise _refused(path, None, f"the file is not TOML ({wrong})") from None
    name = document.get("adapter")
    own = document.pop(name, {}) if isinstance(name, str) else {}
    if not isinstance(own, dict):
        raise _refused(path, line_of(text, (str(name),)), f"{name}: the adapter's own settings are a table, [{name}]")
    try:
        file = AdapterFile.model_validate_json(json.dumps(document, default=str))
    except ValidationError as wrong:
        found = _worst(wrong)
        rule = f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
        raise _refused(path, line_of(text, found["loc"]), rule) from None
    return Configuration(path, file, own, text)


def _worst(wrong: ValidationError) -> ErrorDetails:
    """The one error to show: a misspelt key, which has a line, before the key that is missing for it."""
    found = wrong.errors(include_input=False, include_context=False, include_url=False)
    return next((error for error in found if error["type"] == "extra_forbidden"), found[0])


def _refused(path: Path, line: int | None, rule: str) -> ConfigurationRefused:
    place = f"{path}:{line}" if line else f"{path}"
    return ConfigurationRefused(
        f"{place}: {rule}. An adapter's file has adapter, credentials, store and pseudonym_key, may have keep_days, "
        "[outbox] and [inbox], and the adapter's own table: adapters/sdk/README.md and the adapter's README say what "
        "each means"
    )
