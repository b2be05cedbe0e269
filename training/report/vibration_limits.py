"""What the numbers of a fault diagnosis do not say."""

from __future__ import annotations

import math
from typing import Any

from .grid import Grid
from .terms import VIBRATION


def limits(grid: Grid, summary: dict[str, Any], *, synthetic: bool, has_recordings: bool) -> list[str]:
    """Sentences for the page, the gravest first."""
    protocol = summary.get("protocol", {})
    found = []
    if protocol.get("leaky"):
        found.append(
            f"{protocol.get('sentence', '')} A split by recording, load or machine tells what to expect of new ones."
        )
    if synthetic:
        found.append(VIBRATION.made_text)
    clean = grid.share(grid.shipped, math.inf)
    if clean is not None:
        found.append(
            f"{clean.clips:,} windows leave the clean score anywhere from {clean.low:.1f} to {clean.high:.1f} %, were "
            + f"they independent.{_alike(protocol)} Another training seed moves the scores as well, and this is one "
            + "training."
        )
    found.append(
        "Every window is decided once and by itself. What a monitor makes of many in a row (votes, abstention, the "
        + "time until an alarm, false alarms in a month) is not measured here."
    )
    if grid.kinds:
        found.append(
            "Noise is added to the signal"
            + ("" if has_recordings else ", and all of it is generated: no recording of a real plant was tested")
            + ". Other machines on the same foundation, a loose sensor, another mounting or sensor are not in it. The "
            + "SNR is that of each window to its own noise: a quiet state gets less noise than a loud one."
        )
    found.append(
        "There is no state for what training lacks: of a fault or a way of running that it never saw, the model names "
        + "one of its states. Telling such windows apart is the work of the monitor’s novelty check."
    )
    return found


def _alike(protocol: dict[str, Any]) -> str:
    """How many recordings, and of whom, the test windows come from."""
    recordings = protocol.get("recordings", {}).get("test")
    if not recordings:
        return " They are not: neighbours overlap."
    n = len(recordings)
    held_out = f", all of {protocol.get('group')} {protocol['held_out']}" if protocol.get("held_out") else ""
    return (
        f" They are not: they come from {n} recording{'s' if n != 1 else ''}{held_out}, and windows of one recording "
        + "are alike. For other recordings and machines the uncertainty is larger than the intervals."
    )
