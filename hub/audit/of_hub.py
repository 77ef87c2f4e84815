"""Audits a running hub, or one that has stopped: its topics on Kafka, by the settings that it runs with."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from hub.audit.auditor import audit
from hub.audit.kafka import KafkaSource
from hub.audit.report import Report
from hub.audit.standing import standing
from hub.settings import Settings


def audit_hub(
    settings: Settings,
    *,
    policies: Sequence[Path] = (),
    networks: Sequence[Path] = (),
    folder: Path | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Report:
    """Audit the hub that the settings name.

    `policies` and `networks` are those that were in force before: events that were decided by another are held against
    the ledger alone. Raises Unavailable where Kafka is away, StartRefused or a contract's error for a wrong file.
    """
    standings = [
        standing(settings, policy_dir=policy, network=network)
        for policy in (settings.policy_dir, *policies)
        for network in (settings.network, *networks)
    ]
    with closing(KafkaSource(settings)) as source:
        return audit(source, standings, window_days=settings.seen_window_days, folder=folder, progress=progress)
