"""Takes what labels may say from the settings and the network's file."""

from contracts.directory import Directory
from contracts.network import Network
from hub.settings import Settings
from hub.vitals.figures import Bounds


def bounds_of(settings: Settings) -> Bounds:
    """The bounds of a hub's labels; raises a contract error where a file is wrong."""
    directory = Directory.of(settings.schools_csv)
    return Bounds(settings.lanes, frozenset(Network.load(settings.network, directory).agencies))
