"""How many cores there are for this process."""

from __future__ import annotations

import os


def core_count() -> int:
    """Cores that this process may use (a container or ``taskset`` leaves it fewer than the machine has)."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
