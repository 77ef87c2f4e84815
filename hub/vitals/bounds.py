"""Takes what labels may say from the settings and the network's file."""

from contracts.directory import Directory
from contracts.network import Network
from hub.settings import Settings
from hub.vitals.figures import Bounds


def bounds_of(settings: Settings) -> Bounds:
    """The bounds of a hub's labels; raises a contract error where a file is wrong."""
    directory = Directory.load(schools_csv=settings.schools_csv) if settings.schools_csv else Directory.packaged()
    return Bounds(settings.lanes, frozenset(Network.load(settings.network, directory).agencies))
