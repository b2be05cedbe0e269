"""Results as a grid: who was measured, in which noise, at which SNR."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from ..conditions import CLEAN, RECORDED
from ..evaluate import CLASSICAL, Result, confusion_matrix
from .shares import Difference, Share, difference, share

#: Levels that the headline speaks of, if they were measured.
HEADLINE_SNRS_DB = (0.0, -5.0)
Series = tuple[str, str]


class Grid:
    """Look-up of results by (model, scheme), noise and SNR.

    Parameters
    ----------
    results : sequence of Result, at least one
    classes : int
    generated : names of generated noises
        Where all recordings were also pooled (``recorded``), a noise that is not among these is one recording by
        itself: shown in tables, but not counted twice in means.

    Attributes
    ----------
    series : list of (model, scheme), Keras first, classical rows last
    networks, classical : the two parts of ``series``
    kinds : noises that means are taken over
    recordings : single recordings that are part of the kind ``recorded``
    snrs_db : levels of noise, highest first
    """

    def __init__(self, results: Sequence[Result], classes: int, generated: Collection[str]) -> None:
        self.results, self.classes = list(results), classes
        self._found = {(r.model, r.scheme, r.condition.noise, r.condition.snr_db): r for r in results}
        self.series: list[Series] = sorted(
            dict.fromkeys((r.model, r.scheme) for r in results), key=lambda s: (s[1] == CLASSICAL, s[1] != "keras")
        )
        self.networks = [s for s in self.series if s[1] != CLASSICAL]
        self.classical = [s for s in self.series if s[1] == CLASSICAL]
        noisy = [r.condition for r in results if not r.condition.clean]
        noises = list(dict.fromkeys(c.noise for c in noisy))
        alone = [n for n in noises if n != RECORDED and n not in generated] if RECORDED in noises else []
        self.kinds = [n for n in noises if n not in alone]
        self.recordings = alone
        self.snrs_db = sorted({c.snr_db for c in noisy}, reverse=True)
        self._seen = {c.noise: c.seen for c in noisy}

    def name(self, series: Series) -> str:
        """What a curve is called; the model's name only where there are several, and of a classical row."""
        model, scheme = series
        if scheme == CLASSICAL:
            return model
        shown = "Keras" if scheme == "keras" else scheme
        return shown if len({m for m, _ in self.networks}) == 1 else f"{model}, {shown}"

    def seen(self, noise: str) -> bool:
        """Whether training mixed in this kind of noise."""
        return self._seen[noise]

    @property
    def shipped(self) -> Series:
        """The series that a device runs: int8 where there is one, else the last network."""
        runs = self.networks or self.series
        return next((s for s in reversed(runs) if s[1] == "int8"), runs[-1])

    @property
    def headline_snrs_db(self) -> list[float]:
        """0 and -5 dB, or else the lowest levels that were measured (two at most)."""
        return [s for s in HEADLINE_SNRS_DB if s in self.snrs_db] or self.snrs_db[-2:]

    @property
    def confusion_snr_db(self) -> float | None:
        """The level nearest to 0 dB."""
        return min(self.snrs_db, key=lambda s: (abs(s), s)) if self.snrs_db else None

    @property
    def clips(self) -> int:
        """Number of test clips."""
        return max(len(r.truth) for r in self.results)

    @property
    def commonest(self) -> tuple[int, float]:
        """The most frequent class of the test part and its share [%]: what always answering it would score."""
        counts = np.bincount(self.results[0].truth, minlength=self.classes)
        return int(counts.argmax()), 100.0 * float(counts.max()) / float(counts.sum())

    def of(self, series: Series, snr_db: float, noises: Sequence[str] | None = None) -> list[Result]:
        """Results of one series at one level, over kinds of noise; an infinite level is clean."""
        names = [CLEAN] if math.isinf(snr_db) else self.kinds if noises is None else noises
        return [r for n in names if (r := self._found.get((*series, n, snr_db))) is not None]

    def share(self, series: Series, snr_db: float, noises: Sequence[str] | None = None) -> Share | None:
        """Accuracy over kinds of noise; None where nothing was measured."""
        scores = _scores(self.of(series, snr_db, noises))
        return None if scores is None else share(scores)

    def difference(self, series: Series, base: Series, snr_db: float) -> Difference | None:
        """Accuracy of one series minus another's on the same clips and noises [points]."""
        a, b = _scores(self.of(series, snr_db)), _scores(self.of(base, snr_db))
        return None if a is None or b is None or a.shape != b.shape else difference(a, b)

    def confusion(self, series: Series, snr_db: float) -> np.ndarray | None:
        """Counts over kinds of noise [shape=(classes, classes)], rows are the truth."""
        found = self.of(series, snr_db)
        return sum(confusion_matrix(r, self.classes) for r in found) if found else None

    @property
    def levels_db(self) -> list[float]:
        """All levels from the noisiest to clean."""
        clean = [math.inf] if any(r.condition.clean for r in self.results) else []
        return [*reversed(self.snrs_db), *clean]


def _scores(results: list[Result]) -> np.ndarray | None:
    """For each clip, the share of conditions in which it was right [shape=(n,)]."""
    if not results:
        return None
    right = [r.predicted == r.truth for r in results]
    if len({len(r) for r in right}) > 1:
        return np.concatenate(right).astype(np.float64)
    return np.mean(right, axis=0)
