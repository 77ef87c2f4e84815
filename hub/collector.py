"""Decides how often a process that runs for long looks for garbage: seldom."""

import gc


def collect_seldom() -> None:
    """Call once everything is loaded.

    What is loaded by now stays; what a batch makes is freed with it, and has no cycles. Collecting at Python's usual
    thresholds walked all of it, over and over, for a tenth of the time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
