"""What a run needs of a provisioned hub: the network and its rules, every agency's file, keys that have ended."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapters.sdk.credentials import Credentials, credentials_path, load_credentials
from adapters.sdk.errors import CredentialsRefused
from contracts.directory import Directory
from contracts.envelope import Event
from contracts.network import Network
from hub.errors import StartRefused
from hub.keyring import SigningKey, load_keyring
from hub.policy_file import Policy
from hub.route import route
from hub.settings import Settings
from hub.simulate.planned import Keys
from hub.simulate.world import World

FOR_EVER_MS = 2**62


@dataclass(frozen=True, slots=True)
class Stage:
    """One hub's network, ready to be played on."""

    directory: Directory
    network: Network
    policy: Policy
    world: World
    credentials: Mapping[str, Credentials]
    """By agency."""
    keys: Keys = field(repr=False)
    prefix: str

    def told(self, event: Event) -> Sequence[str]:
        """Whom the hub tells of an event, by the policy of this machine."""
        decisions = route(
            event, policy=self.policy, directory=self.directory, network=self.network, on=event.time.date()
        )
        return [decision.recipient for decision in decisions if decision.told]


def load_stage(settings: Settings) -> Stage:
    """The stage that the settings name; raises StartRefused or a contract error where a file is missing or wrong."""
    directory = Directory.of(settings.schools_csv)
    network = Network.load(settings.network, directory)
    credentials = {agency: _credentials(settings, agency) for agency in network.agencies}
    return Stage(
        directory=directory,
        network=network,
        policy=Policy.load(directory, settings.policy_dir),
        world=World(network, directory),
        credentials=credentials,
        keys=_keys(settings, credentials),
        prefix=settings.topic_prefix,
    )


def _credentials(settings: Settings, agency: str) -> Credentials:
    try:
        return load_credentials(credentials_path(settings.state_dir, agency))
    except CredentialsRefused as refused:
        raise StartRefused(str(refused)) from None


def _keys(settings: Settings, credentials: Mapping[str, Credentials]) -> Keys:
    now_ms = time.time_ns() // 1_000_000
    keyring = load_keyring(settings.state_dir / "hub" / "keyring.toml")
    return Keys(
        current={agency: _signing_key(each) for agency, each in credentials.items()},
        ended={key.agency: key for key in keyring.values() if key.valid_to_ms <= now_ms},
    )


def _signing_key(credentials: Credentials) -> SigningKey:
    return SigningKey(
        credentials.key_id, credentials.agency, credentials.secret, valid_from_ms=0, valid_to_ms=FOR_EVER_MS
    )
