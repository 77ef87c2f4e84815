"""Makes the folder of a new adapter out of the template, and gives it its line in the registry."""

import re
import shutil
from importlib import resources
from pathlib import Path

from adapters.sdk.errors import ConfigurationRefused

NAME = re.compile(r"^[a-z][a-z0-9_]{1,39}$")
TAKEN = frozenset({"sdk"})
_REGISTRY = re.compile(r"^ADAPTERS: tuple\[str, \.\.\.\] = \((?P<names>[^)]*)\)", re.MULTILINE)


def new_adapter(name: str, into: Path) -> Path:
    """Write an adapter's folder into a directory; raises ConfigurationRefused where it can't be.

    Where that directory has the registry in its `__init__.py`, the adapter is entered there.
    """
    folder = into / name
    if not NAME.match(name) or name in TAKEN:
        raise ConfigurationRefused(
            f'"{name}" is no name of an adapter: a folder of lower-case letters, digits and underscores, such as '
            '"court_orders"'
        )
    if folder.exists():
        raise ConfigurationRefused(f"{folder}: there is such a folder already; nothing was changed")
    with resources.as_file(resources.files("adapters.sdk") / "template") as template:
        for path in sorted(template.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                _copy(path, folder / path.relative_to(template), name)
    _enter(into / "__init__.py", name)
    return folder


def _copy(path: Path, to: Path, name: str) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix not in (".py", ".md", ".toml"):
        shutil.copyfile(path, to)
        return
    text = path.read_text(encoding="utf-8")
    text = text.replace("adapters.sdk.template", f"adapters.{name}")
    to.write_text(re.sub(r"\btemplate\b", name, text), encoding="utf-8")


def _enter(registry: Path, name: str) -> None:
    text = registry.read_text(encoding="utf-8") if registry.exists() else ""
    found = _REGISTRY.search(text)
    if found is None:
        return
    names = sorted({*re.findall(r'"([^"]+)"', found["names"]), name})
    lines = "".join(f'    "{one}",\n' for one in names)
    entered = f"ADAPTERS: tuple[str, ...] = (\n{lines})"
    registry.write_text(text[: found.start()] + entered + text[found.end() :], encoding="utf-8")
