"""Does tau grow with the noise? A yes, a no or neither for every block, from the numbers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from .measure import ThresholdRow

#: A trend is steady from this rank correlation on, and worth a word from this relative change on.
STEADY_RHO, WORTH_CHANGE = 0.8, 0.1
#: Rows are rounded to this.
_SMALLEST = 1e-6
GROWS, FALLS, FLAT, UNSTEADY = "grows", "falls", "hardly changes", "no steady trend"


@dataclasses.dataclass(frozen=True)
class Trend:
    """How one block's mean tau goes from the highest SNR to the lowest.

    ``rho`` is Spearman's correlation between the level of the noise and tau (NaN with fewer than 3 levels);
    ``grows_in`` of ``kinds`` noises have a larger tau at the lowest SNR than at the highest.
    """

    block: str
    quiet_db: float
    loud_db: float
    tau_quiet: float
    tau_loud: float
    alpha_quiet: float
    alpha_loud: float
    rho: float
    grows_in: int
    kinds: int

    @property
    def ratio(self) -> float:
        """tau in the loudest noise over tau in the faintest."""
        return max(self.tau_loud, _SMALLEST) / max(self.tau_quiet, _SMALLEST)

    @property
    def verdict(self) -> str:
        """One of the four words."""
        change = self.ratio - 1
        if abs(change) < WORTH_CHANGE:
            return FLAT
        if not math.isnan(self.rho) and abs(self.rho) < STEADY_RHO:
            return UNSTEADY
        if not math.isnan(self.rho) and (self.rho > 0) != (change > 0):
            return UNSTEADY
        return GROWS if change > 0 else FALLS


def mean_over_noises(rows: Sequence[ThresholdRow], kinds: Sequence[str], field: str) -> dict[float, float]:
    """Mean of a field at every SNR of one block's rows, over kinds of noise; clean as it is."""
    found: dict[float, list[float]] = {}
    for row in rows:
        if row.noise in kinds or math.isinf(row.snr_db):
            found.setdefault(row.snr_db, []).append(getattr(row, field))
    return {snr_db: float(np.mean(values)) for snr_db, values in found.items()}


def trends(rows: Sequence[ThresholdRow], kinds: Sequence[str]) -> list[Trend]:
    """A trend of every block that was measured at two SNRs at least, clean aside."""
    found = []
    for block in dict.fromkeys(row.block for row in rows):
        of_block = [r for r in rows if r.block == block and not math.isinf(r.snr_db)]
        tau, alpha = (mean_over_noises(of_block, kinds, f) for f in ("tau_mean", "alpha_mean"))
        if len(tau) < 2:
            continue
        levels = sorted(tau, reverse=True)
        quiet, loud = levels[0], levels[-1]
        ends = {(r.noise, r.snr_db): r.tau_mean for r in of_block}
        both = [k for k in kinds if (k, quiet) in ends and (k, loud) in ends]
        found.append(
            Trend(
                block,
                quiet,
                loud,
                tau[quiet],
                tau[loud],
                alpha[quiet],
                alpha[loud],
                spearman([-s for s in levels], [tau[s] for s in levels]) if len(levels) > 2 else math.nan,
                sum(ends[k, loud] > ends[k, quiet] for k in both),
                len(both),
            )
        )
    return found


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Rank correlation, equal values sharing their mean rank; NaN where one side is constant.

    >>> round(spearman([1, 2, 3, 4], [1, 3, 2, 9]), 3)
    0.8
    """
    a, b = _ranks(x), _ranks(y)
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / scale if scale else math.nan


def _ranks(values: Sequence[float]) -> np.ndarray:
    _, inverse, counts = np.unique(np.asarray(values, np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def sentence(found: Sequence[Trend]) -> str:
    """The answer in one or two sentences."""
    if not found:
        return "Thresholds were measured at too few levels of noise to tell."
    n = len(found)
    count = {word: [t.block for t in found if t.verdict == word] for word in (GROWS, FALLS, FLAT, UNSTEADY)}
    quiet, loud = (f"{s:g}\u00a0dB".replace("-", "−") for s in (found[0].quiet_db, found[0].loud_db))
    span = f"from {quiet} to {loud}"
    grown = len(count[GROWS])
    if grown == n:
        ratios = [t.ratio for t in found]
        by = f"{min(ratios):.1f}" if n == 1 else f"{min(ratios):.1f} to {max(ratios):.1f}"
        return f"Yes, in {'the one block' if n == 1 else f'all {n} blocks'}: {span} the mean τ grows {by}-fold."
    rest = "; ".join(
        f"it {word} in {', '.join(count[word])}" if word != UNSTEADY else f"no steady trend in {', '.join(count[word])}"
        for word in (FALLS, FLAT, UNSTEADY)
        if count[word]
    )
    if not grown:
        return f"No: {span} the mean τ grows steadily in none of the {n} blocks; {rest}."
    return f"In part: {span} the mean τ grows in {grown} of {n} blocks ({', '.join(count[GROWS])}); {rest}."
