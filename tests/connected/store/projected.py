"""What the projector's tests share: a simulated network's traffic, the tables as text, a projector run to the end."""

from datetime import UTC, datetime, timedelta
from itertools import islice

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from hub.settings import DatabaseSettings, Settings
from hub.simulate.generator import Plan, simulate
from hub.simulate.sender import send
from hub.simulate.stage import load_stage
from hub.store.database import reading
from hub.store.tables import metadata
from tests.rig import Rig


async def play(rig: Rig, count: int, *, seed: int = 3, rate: float | None = None) -> None:
    """Send a simulated network's records, bad ones, repeats, contradictions and answers among them."""
    stage = load_stage(rig.settings)
    plan = Plan(seed=seed, start=datetime.now(UTC) - timedelta(days=3), prefix=rig.settings.topic_prefix)
    records = simulate(stage.world, plan, keys=stage.keys)
    await send(islice(records, count), stage.credentials, rate=rate, on_placed=lambda placed: None)


def with_database(rig: Rig, url: str) -> Settings:
    """The rig's settings, with a database of the test's own."""
    return rig.settings.model_copy(update={"database": DatabaseSettings.model_validate({"url": url})})


def dump(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table as text, in an order of their own."""
    with reading(engine) as connection:
        return {
            table.name: sorted(connection.execute(text(f"SELECT CAST(t AS text) FROM {table.name} t")).scalars())  # noqa: S608 - our own names
            for table in metadata.sorted_tables
        }


def go_back(connection: Connection, version: str) -> None:
    """Make the tables those of an earlier version."""
    config = Config()
    config.set_main_option("script_location", "hub.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.downgrade(config, version)
