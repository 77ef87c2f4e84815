"""What the operating system says of a process: CPU seconds and peak memory (proc(5))."""

import os
import re
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """User and system time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_rss_mib(pid: int) -> float:
    """The most memory that was resident at once."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else float("nan")


def forget_peak() -> None:
    """Let the peak of this process begin anew, at what is resident now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
