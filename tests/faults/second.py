"""The second verdict: `hub.audit`, which shares no code with the hub, by every policy that was in force."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.ground import Ground

try:
    from hub.audit.auditor import audit
    from hub.audit.checkpoints import read_checkpoints
    from hub.audit.kafka import KafkaSource
    from hub.audit.standing import standing
except ImportError:
    audit: Callable[..., Any] | None = None  # type: ignore[no-redef]


@dataclass(frozen=True)
class Second:
    """What the auditor says."""

    clean: bool
    words: str
    counts: dict[str, int] = field(default_factory=dict)


def audited(ground: Ground) -> Second:
    """Audit the campaign's topics with the policy of now, the one before, and those of other versions."""
    if audit is None:
        return Second(True, "not there")
    settings = ground.root.model_copy(update={"policy_dir": ground.policy})
    other = ground.state / "policy-other"
    shutil.copytree(ground.policy, other)
    now = standing(settings)
    own, ground.policy = ground.policy, other
    try:
        ground.change_policy()
    finally:
        ground.policy = own
    checkpoints = read_checkpoints(
        settings.checkpoints, public_key=settings.checkpoint_public_key, names=now.names, lanes=settings.lanes
    )
    before = [standing(settings, policy_dir=policy) for policy in (other, *ground.policies)]
    report = audit(KafkaSource(settings), [now, *before], checkpoints=checkpoints)
    document = report.document()
    if report.clean:
        return Second(True, f"clean ({document['inbound']} events, {document['outputs']} outputs)")
    return Second(False, f"{document['counts']}, first {document['violations'][:5]}", document["counts"])
