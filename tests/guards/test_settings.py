"""Every setting is explained where it is declared and named in the README."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from hub.settings import Settings

ROOT = Path(__file__).parents[2]


def settings(model: type[BaseModel] = Settings, prefix: str = "DOLEN_") -> Iterator[tuple[str, str | None]]:
    """Each setting's name in the environment, and what is said of it."""
    for name, field in model.model_fields.items():
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        groups = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if groups:
            yield from settings(groups[0], f"{prefix}{name.upper()}__")
        else:
            yield prefix + name.upper(), field.description


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, said in settings() if not said] == []


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [f"`{name}` {said}" for name, said in settings() if f"`{name}`" not in readme] == []
