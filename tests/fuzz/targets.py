"""What is fuzzed: a target takes any bytes and may raise nothing but what says that something is wrong with us.

A new parser is one line in `TARGETS`: the module is imported under instrumentation, and its `check` is called.
"""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
EXAMPLES = ROOT / "contracts" / "examples"
ADAPTERS = ROOT / "adapters"


@dataclass(frozen=True, slots=True)
class Target:
    """One parser."""

    module: str
    """Has `check(data: bytes) -> None`, which raises where a promise is broken."""
    seeds: tuple[Path, ...]
    """Files, or folders of files, to begin with."""
    instrument: tuple[str, ...] = ("contracts", "hub")
    """Packages whose coverage guides the search."""


TARGETS: dict[str, Target] = {
    "event": Target("tests.fuzz.event", (EXAMPLES,)),
    "headers": Target("tests.fuzz.headers", ()),
    "gateway_event": Target(
        "tests.fuzz.gateway_event", (ADAPTERS / "gateway/fixtures/inbound",), ("adapters.gateway",)
    ),
    "fhir": Target("tests.fuzz.fhir", (ADAPTERS / "health/fixtures/inbound",), ("adapters.health",)),
    "police_notice": Target("tests.fuzz.police_notice", (ADAPTERS / "police/fixtures/inbound",), ("adapters.police",)),
    "police_zip": Target("tests.fuzz.police_zip", (), ("adapters.police",)),
    "social_care": Target(
        "tests.fuzz.social_care", (ADAPTERS / "social_care/fixtures/inbound",), ("adapters.social_care",)
    ),
}
"""By name: `python -m tests.fuzz NAME`."""


def kept(name: str) -> list[Path]:
    """The corpus that is kept of a target."""
    folder = CORPUS / name
    return sorted(folder.iterdir()) if folder.exists() else []
