"""95 % intervals of rates."""

from __future__ import annotations

import math

from ..conditions import wilson_interval


def share_percent(count: int, n: int) -> dict[str, float | int | None]:
    """A share of n in percent with Wilson's interval; of nothing, none."""
    low, high = wilson_interval(count, n) if n else (None, None)
    return {
        "percent": round(100.0 * count / n, 3) if n else None,
        "low": None if low is None else round(max(0.0, low), 3),
        "high": None if high is None else round(min(100.0, high), 3),
        "count": count,
        "n": n,
    }


def poisson_interval(count: int) -> tuple[float, float]:
    """Exact interval of the mean of a Poisson variable of which ``count`` was seen.

    References
    ----------
    F. Garwood, "Fiducial Limits for the Poisson Distribution", Biometrika 28:437-442, 1936.

    Examples
    --------
    >>> [round(limit, 3) for limit in poisson_interval(0)], [round(limit, 3) for limit in poisson_interval(10)]
    ([0.0, 3.689], [4.795, 18.39])
    """
    from scipy.stats import chi2

    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(0.975, 2 * (count + 1)) / 2)


def per_hour(count: int, hours: float) -> dict[str, float | int | None]:
    """Events an hour with their interval; of no time, none."""
    low, high = poisson_interval(count)
    rate = (lambda value: round(value / hours, 3)) if hours > 0 and math.isfinite(hours) else lambda value: None
    return {"per_hour": rate(count), "low": rate(low), "high": rate(high), "count": count, "hours": round(hours, 4)}
