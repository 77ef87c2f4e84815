"""Finds an adapter by the name of its folder."""

from importlib import import_module
from pathlib import Path
from typing import Any

import adapters
from adapters import ADAPTERS
from adapters.sdk.declaration import Declaration
from adapters.sdk.errors import ConfigurationRefused

FOLDER = Path(adapters.__path__[0])
"""Where the adapters' folders are, and their list."""


def declarations() -> list[Declaration[Any, Any]]:
    """Those of all adapters, by name."""
    return [declaration_of(name) for name in ADAPTERS]


def declaration_of(name: str) -> Declaration[Any, Any]:
    """The declaration of an adapter; raises ConfigurationRefused where there is none of that name."""
    if name not in ADAPTERS:
        raise ConfigurationRefused(
            f'there is no adapter "{name}" (`dolen adapter list`); there are: {", ".join(ADAPTERS) or "none"}'
        )
    found: Declaration[Any, Any] = import_module(f"adapters.{name}.declaration").DECLARATION
    return found
