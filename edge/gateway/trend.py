"""Where a machine is going: robust slopes over weeks, from a few points, and days to a limit where there is a slope.

References
----------
P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", Journal of the American Statistical
Association 63:1379, 1968; H. B. Mann, "Nonparametric tests against trend", Econometrica 13:245, 1945.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

DAY_S = 86400.0
#: An even number; when there are so many points, two neighbours become one and stand for twice the time.
_MOST_POINTS = 96
_LEAST_POINTS = 16
_LONGEST_S = 30.0 * DAY_S
#: Standard deviations of Mann's test from which on a trend is one: records are not independent, so it asks for more
#: than the usual 2.
_LEAST_Z = 4.0
#: Times the span observed that a trend may be carried on by.
_FARTHEST = 5.0
_DIGITS = 4


@dataclasses.dataclass(frozen=True)
class Slope:
    """A trend that is significant.

    Parameters
    ----------
    per_day : float
        Median of the slopes of all pairs of points, in the series' unit.
    now : float
        Of the line, at the last point.
    span_s : float
        Time observed.
    """

    per_day: float
    now: float
    span_s: float

    def days_to(self, limit: float) -> float | None:
        """Days until the line is at a limit; 0 where it is over it, None where it never is or too far ahead to say."""
        if self.now >= limit:
            return 0.0
        if self.per_day <= 0.0:
            return None
        days = (limit - self.now) / self.per_day
        return days if days * DAY_S <= _FARTHEST * self.span_s else None


class Trend:
    """A few points of several series over up to 30 days.

    Parameters
    ----------
    n_series : int
    memory : dict, optional
        From :meth:`memory`.
    """

    def __init__(self, n_series: int, memory: Mapping[str, Any] | None = None) -> None:
        memory = memory or {}
        self._start_s = float(memory.get("start_s", 0.0))
        #: [seconds since start, value ...] by point; a value that was unknown is None.
        self._points: list[list[float | None]] = [list(point) for point in memory.get("points", ())]
        #: Of the point that is being gathered: how many are known and their sum; the time first.
        self._open = [list(pair) for pair in memory.get("open", [[0, 0.0]] * (1 + n_series))]
        self._stride = int(memory.get("stride", 1))

    def add(self, time_s: float, values: list[float | None]) -> None:
        """Take a record's values; time that runs backwards (a clock was set) begins anew."""
        if self._points and time_s - self._start_s < self._points[-1][0]:
            self._points, self._open, self._stride = [], [[0, 0.0]] * len(self._open), 1
        if not self._points and not self._open[0][0]:
            self._start_s = float(math.floor(time_s))
        known = [time_s - self._start_s, *values]
        self._open = [
            pair if value is None else [pair[0] + 1, pair[1] + value]
            for pair, value in zip(self._open, known, strict=True)
        ]
        if self._open[0][0] < self._stride:
            return
        self._points.append(_rounded([total / count if count else None for count, total in self._open]))
        self._open = [[0, 0.0]] * len(self._open)
        oldest = time_s - self._start_s - _LONGEST_S
        self._points = [point for point in self._points if point[0] >= oldest]
        if len(self._points) >= _MOST_POINTS:
            self._points = [_mean(*pair) for pair in zip(self._points[::2], self._points[1::2], strict=True)]
            self._stride *= 2

    def slope(self, series: int) -> Slope | None:
        """The trend of one series, or None where there is no significant one."""
        known = [(point[0], point[1 + series]) for point in self._points if point[1 + series] is not None]
        if len(known) < _LEAST_POINTS:
            return None
        t, y = np.array(known).T
        first, second = np.triu_indices(len(t), 1)
        rise, run = y[second] - y[first], t[second] - t[first]
        n = len(t)
        signs = float(np.sign(rise).sum())
        # Values that are equal, such as a health of 100 %, tell of no trend: their pairs are taken off the variance.
        _, ties = np.unique(y, return_counts=True)
        variance = (n * (n - 1) * (2 * n + 5) - float(np.sum(ties * (ties - 1) * (2 * ties + 5)))) / 18.0
        if variance <= 0.0 or abs(signs) - 1.0 < _LEAST_Z * math.sqrt(variance):
            return None
        forward = run > 0.0
        if not forward.any():
            return None
        per_s = float(np.median(rise[forward] / run[forward]))
        now = float(np.median(y - per_s * t)) + per_s * float(t[-1])
        return Slope(per_s * DAY_S, now, float(t[-1] - t[0])) if per_s != 0.0 else None

    def memory(self) -> dict[str, Any]:
        """Plain values, from which another one goes on."""
        points, gathered = ([list(row) for row in rows] for rows in (self._points, self._open))
        return {"start_s": self._start_s, "points": points, "open": gathered, "stride": self._stride}


def _mean(first: list[float | None], second: list[float | None]) -> list[float | None]:
    """One point of two: the mean of what is known."""
    pairs = ([value for value in pair if value is not None] for pair in zip(first, second, strict=True))
    return _rounded([sum(known) / len(known) if known else None for known in pairs])


def _rounded(point: list[float | None]) -> list[float | None]:
    time_s, *values = point
    return [round(time_s, 1), *(None if value is None else float(f"{value:.{_DIGITS}g}") for value in values)]
