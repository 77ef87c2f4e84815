"""The broker in service and the one on a laptop follow the same rules."""

from pathlib import Path

from hub.local.kafka import RULES

PROPERTIES = Path(__file__).parents[2] / "deploy" / "kafka" / "broker.properties"


def in_service() -> dict[str, str]:
    lines = PROPERTIES.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_design_asks_the_same_of_both() -> None:
    assert {name: str(value) for name, value in RULES.items()}.items() <= in_service().items()


def test_in_service_one_lost_broker_loses_nothing() -> None:
    copies = {name: value for name, value in in_service().items() if "replication.factor" in name}
    assert len(copies) == 3
    assert set(copies.values()) == {"3"}
    assert in_service()["min.insync.replicas"] == in_service()["transaction.state.log.min.isr"] == "2"
