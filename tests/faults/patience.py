"""How long a hub under test waits: short, so that a fault is soon over; on a busy machine everything takes longer."""

import os

SETTING = "DOLEN_FAULTS_PATIENCE"
"""By what every wait is multiplied; `--patience` sets it."""

SESSION_S = 2.5
"""A worker's session in its group."""
REQUEST_S = 4.0
"""How long a worker waits for an answer of the broker; its limit for a transaction is 20 s."""


def patient(seconds: float) -> float:
    """So long on a quiet machine, and longer on this one."""
    return seconds * float(os.environ.get(SETTING, "1"))
