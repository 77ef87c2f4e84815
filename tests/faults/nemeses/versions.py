"""Two versions of the hub side by side, as in every upgrade that does not stop it."""

import asyncio
import io
import subprocess
import tarfile
from datetime import datetime, timedelta
from pathlib import Path

from contracts.directory import Directory
from hub.audit.policy import Policy
from tests.faults.campaign import Campaign, NotHere
from tests.faults.ground import HUB
from tests.faults.nemeses.registry import named

ROOT = Path(__file__).parents[3]
OLDER = timedelta(hours=12)
"""The other version is the newest that is so much older than this one."""


@named("two versions of the hub side by side")
async def two_versions(campaign: Campaign) -> None:
    """An older one joins, takes everything, shares again, and goes."""
    ground = campaign.ground
    older = await asyncio.to_thread(_older, ground.state / "older")
    # Its own, as packaged: neither version takes a policy that names an event type which only the other knows.
    policy = older / "hub" / "policy"
    ground.also_decides_by(policy, version=Policy.read(policy, Directory.packaged()).version)
    (new,) = ground.living
    owned = ground.words("lane.owned")
    old = ground.start(*HUB, folder=older, DOLEN_POLICY_DIR=str(policy))
    await ground.working(2, after=owned)
    campaign.struck()
    await asyncio.sleep(campaign.rng.uniform(1.0, 2.0))
    owned = ground.words("lane.owned")
    new.kill()
    campaign.struck()
    new.wait()
    await ground.working(3, after=owned)
    await asyncio.sleep(campaign.rng.uniform(0.5, 1.5))
    owned = ground.words("lane.owned")
    ground.start()
    await ground.working(2, after=owned)
    campaign.struck()
    old.kill()
    old.wait()


def older_revision() -> str:
    """The revision of the other version; empty where this clone does not have it, or is no clone."""
    try:
        head = _git("log", "-1", "--format=%cI").decode().strip()
        before = (datetime.fromisoformat(head) - OLDER).isoformat()
        return _git("log", "-1", "--format=%h", f"--before={before}").decode().strip()
    except (OSError, ValueError, subprocess.CalledProcessError):
        return ""


def _older(folder: Path) -> Path:
    revision = older_revision()
    if not revision:
        raise NotHere("no revision of the hub that is half a day older is in this clone: git fetch --unshallow")
    if not folder.exists():
        with tarfile.open(fileobj=io.BytesIO(_git("archive", revision, "hub", "contracts", "adapters"))) as packed:
            packed.extractall(folder, filter="data")
    return folder


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout
