"""What Kafka shows of the lanes, as figures: the same from every worker, and from the console while none runs."""

from hub.backlog import Backlog
from hub.vitals.figures import LANE_STANDING, LANE_WAITING
from hub.vitals.sheet import Sheet


def put_lanes(sheet: Sheet, backlog: Backlog) -> None:
    """Say what waits for each lane and for how long it has stood still, as Kafka was last seen."""
    seen = backlog.seen
    if seen is None:
        return
    for lane, waiting in seen.waiting.items():
        sheet.put(LANE_WAITING, waiting, lane)
        sheet.put(LANE_STANDING, seen.standing_ms(lane) / 1000, lane)
