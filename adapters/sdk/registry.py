"""Finds an adapter by the name of its folder."""

from importlib import import_module
from typing import Any

from adapters import ADAPTERS
from adapters.sdk.declaration import Declaration
from adapters.sdk.errors import ConfigurationRefused


def declaration_of(name: str) -> Declaration[Any, Any]:
    """The declaration of an adapter; raises ConfigurationRefused where there is none of that name."""
    if name not in ADAPTERS:
        raise ConfigurationRefused(
            f'there is no adapter "{name}" (`dolen adapter list`); there are: {", ".join(ADAPTERS) or "none"}'
        )
    found: Declaration[Any, Any] = import_module(f"adapters.{name}.declaration").DECLARATION
    return found
