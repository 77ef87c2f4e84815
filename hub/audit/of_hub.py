"""Audits a running hub, or one that has stopped: its topics on Kafka, by the settings that it runs with."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from hub.audit.auditor import audit
from hub.audit.checkpoints import read_checkpoints
from hub.audit.kafka import KafkaSource
from hub.audit.report import Report
from hub.audit.standing import standing
from hub.settings import Settings


def audit_hub(
    settings: Settings,
    *,
    policies: Sequence[Path] = (),
    networks: Sequence[Path] = (),
    checkpoint_dir: Path | None = None,
    edges: bool = False,
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
    # Before the picture is taken: what a checkpoint says is committed by then.
    checkpoints = read_checkpoints(
        checkpoint_dir or settings.checkpoints,
        public_key=settings.checkpoint_public_key,
        names=standings[0].names,
        lanes=settings.lanes,
    )
    with closing(KafkaSource(settings)) as source:
        return audit(
            source,
            standings,
            window_days=settings.seen_window_days,
            checkpoints=checkpoints,
            edges=edges,
            folder=folder,
            progress=progress,
        )
