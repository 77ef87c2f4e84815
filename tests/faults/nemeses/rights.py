"""Rights in Kafka that the hub loses and gets back while it works."""

import asyncio

from hub.kafka_admin import Cluster
from hub.provision import administrator
from tests.faults.campaign import Campaign
from tests.faults.nemeses.registry import SEEN_WITHIN_S, named
from tests.faults.wire import PRODUCE


async def _taken(campaign: Campaign, operation: str, name: str) -> None:
    """Take one right away, in the middle of a transaction, for a while."""
    ground = campaign.ground
    cluster = Cluster(administrator(ground.settings))
    (right,) = [
        found
        for found in await asyncio.to_thread(cluster.acls)
        if (found.acl.operation, found.acl.name) == (operation, ground.settings.topic_prefix + name)
    ]
    await asyncio.wait_for(ground.wire.saw(PRODUCE), SEEN_WITHIN_S)
    await asyncio.to_thread(cluster.remove, [right])
    campaign.struck()
    try:
        await asyncio.sleep(campaign.rng.uniform(0.5, 4.0))
    finally:
        await asyncio.to_thread(cluster.allow, [right.acl])


RIGHTS = {
    # A notification may not be written: one partition of the transaction is refused, others are not.
    "to tell": ("WRITE", "to."),
    # What is told may be written, what it is remembered by may not.
    "to the ledger": ("WRITE", "hub."),
    "to its transactions": ("WRITE", "dolen-lane-"),
    # Outputs may be written, offsets may not.
    "to the group": ("READ", "dolen-hub"),
}

for _name, _right in RIGHTS.items():
    named(f"the right {_name} taken away")(lambda campaign, right=_right: _taken(campaign, *right))
