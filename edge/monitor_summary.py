"""One state for a whole recording, from the verdicts on its windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from .monitor import MonitorVerdict


def summarize(verdicts: Sequence[MonitorVerdict]) -> dict[str, Any]:
    """Majority of the classified windows, or abstention where the monitor abstained on more than half.

    Parameters
    ----------
    verdicts : sequence of MonitorVerdict
        One or more.

    Returns
    -------
    dict
        ``windows``, ``classified``, ``abstained`` (windows by reason); ``state`` with ``share`` (of the classified
        windows) and ``probability`` (mean over the windows of that state), all None where the recording as a whole is
        not classified, and ``reason`` then; ``health_percent`` at the end, None as well where ``state`` is.

    Examples
    --------
    >>> verdicts = [MonitorVerdict(1.0, "ok", probability=0.9), MonitorVerdict(2.0, None, "novel")]
    >>> result = summarize(verdicts)
    >>> result["state"], result["share"], result["probability"], result["abstained"]
    ('ok', 1.0, 0.9, {'novel': 1})
    """
    abstained = Counter(v.reason for v in verdicts if v.label is None)
    classified = [v for v in verdicts if v.label is not None]
    result: dict[str, Any] = {
        "windows": len(verdicts),
        "classified": len(classified),
        "abstained": dict(abstained.most_common()),
        "state": None,
        "share": None,
        "probability": None,
        "reason": None,
        "health_percent": None,
    }
    if 2 * len(classified) < len(verdicts):
        result["reason"] = abstained.most_common(1)[0][0]
        return result
    sums: dict[str, list[float]] = {}
    for verdict in classified:
        sums.setdefault(verdict.label, []).append(verdict.probability)
    # Between two states of equally many windows the model's own confidence decides.
    state = max(sums, key=lambda label: (len(sums[label]), sum(sums[label])))
    result["state"] = state
    result["share"] = round(len(sums[state]) / len(classified), 4)
    result["probability"] = round(float(np.mean(sums[state])), 4)
    result["health_percent"] = _rounded(verdicts[-1].health_percent, 1)
    return result


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
