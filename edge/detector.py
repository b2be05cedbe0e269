"""From a stream of class probabilities to detections. Simple arithmetic, so that C can do the same."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Callable, Collection, Sequence

import numpy as np

from drsn_keras.errors import BundleError, DataError, mismatch
from drsn_keras.model_card import BACKGROUND_LABELS, DetectorSpec


@dataclasses.dataclass(frozen=True)
class Detection:
    """A word was heard.

    ``time_s`` is the stream time at the end of the window that fired, ``score`` the smoothed probability.
    The sound lies between ``start_s`` and ``time_s``: that is what the averaged evaluations looked at.
    """

    label: str
    score: float
    time_s: float
    start_s: float


def with_threshold(spec: DetectorSpec, threshold: float) -> DetectorSpec:
    """The same constants with another threshold (0 to 1]; ``release`` is lowered with it where it must be."""
    return dataclasses.replace(spec, threshold=threshold, release=min(spec.release, threshold))


class Detector:
    """Moving average, threshold with hysteresis, refractory time.

    Call :meth:`update` once every ``spec.hop_s``: time is counted in evaluations, so that no rounding of time
    stamps can move a decision.

    1. Each label's probability is averaged over the last N = round(smoothing_s / hop_s) evaluations
       (at least 1; halves up). Until there are N, nothing fires.
    2. The word (no background label) with the highest average is the candidate; the first of equals.
    3. It fires at ``threshold`` or above, unless it has not been below ``release`` since it last fired, or less
       than ``refractory_s`` has gone by since any word fired.

    Parameters
    ----------
    labels : sequence of str
        In the order of the model's outputs.
    spec : DetectorSpec
    window_s : float
        What one evaluation looks back on; only ``Detection.start_s`` depends on it.

    Examples
    --------
    >>> detector = Detector(["_silence_", "yes"], DetectorSpec(smoothing_s=0.2))
    >>> for i, p in enumerate([0.1, 0.9, 0.9, 0.9]):
    ...     print(detector.update(np.array([1 - p, p]), time_s=i / 10) is not None)
    False
    False
    True
    False
    """

    def __init__(self, labels: Sequence[str], spec: DetectorSpec | None = None, window_s: float = 0.0) -> None:
        self.labels = tuple(labels)
        self.spec = spec = DetectorSpec() if spec is None else spec
        self.window_s = window_s
        self.words = tuple(i for i, label in enumerate(self.labels) if label not in BACKGROUND_LABELS)
        if not self.words:
            raise BundleError(mismatch("labels", "at least one word", ", ".join(self.labels) or "none"))
        self.n_smoothing = max(1, math.floor(spec.smoothing_s / spec.hop_s + 0.5))
        # 0.3 / 0.1 is 2.9999999999999996 and 0.9 / 0.3 is 3.0000000000000004: both mean 3.
        self.n_refractory = math.ceil(spec.refractory_s / spec.hop_s - 1e-9)
        self._threshold, self._release = np.float32(spec.threshold), np.float32(spec.release)
        self.reset()

    def listen_for(self, words: Collection[str] | None) -> None:
        """Only these words are candidates from now on; the others count as background. None: all of the labels' words.

        Raises
        ------
        DataError
            If none of them is a word of the labels.
        """
        known = [i for i, label in enumerate(self.labels) if label not in BACKGROUND_LABELS]
        found = tuple(i for i in known if words is None or self.labels[i] in words)
        if not found:
            expected = f"one of {', '.join(self.labels[i] for i in known)}"
            raise DataError(mismatch("words", expected, ", ".join(map(str, words or ())) or "none"))
        self.words = found

    def reset(self) -> None:
        """Forget the stream."""
        self._history: deque[np.ndarray] = deque(maxlen=self.n_smoothing)
        self._armed = np.ones(len(self.labels), dtype=bool)
        self._since = self.n_refractory
        #: Averages of the last update, a label each [shape=(n_labels,), float32].
        self.smoothed = np.zeros(len(self.labels), dtype=np.float32)

    def inherit(self, other: Detector) -> None:
        """Go on in another's place: what its last word forbids, and for how long, stays forbidden."""
        if other._since < other.n_refractory:
            self._since = min(self._since, math.floor(other._since * other.spec.hop_s / self.spec.hop_s + 1e-9))
        for i, label in enumerate(self.labels):
            if label in other.labels:
                self._armed[i] &= other._armed[other.labels.index(label)]

    def update(
        self, probabilities: np.ndarray, time_s: float, threshold_at: Callable[[float], float] | None = None
    ) -> Detection | None:
        """Take one evaluation.

        Parameters
        ----------
        probabilities : np.ndarray [shape=(n_labels,), 0 to 1]
        time_s : float
            Stream time at the end of the window; only stamped on the result.
        threshold_at : callable, optional
            Gives the threshold instead of the spec's; asked with the candidate's average where nothing else forbids
            it to fire.

        Raises
        ------
        DataError
            On another shape, NaN or infinity.
        """
        probabilities = np.array(probabilities, dtype=np.float32)
        if probabilities.shape != (len(self.labels),) or not np.isfinite(probabilities).all():
            raise DataError(mismatch("probabilities", f"{len(self.labels)} finite numbers", probabilities.tolist()))
        self._history.append(probabilities)
        self.smoothed = self._average()
        self._armed |= self.smoothed < self._release
        self._since = min(self._since + 1, self.n_refractory)
        best = max(self.words, key=lambda i: self.smoothed[i])
        if len(self._history) < self.n_smoothing or self._since < self.n_refractory or not self._armed[best]:
            return None
        score = self.smoothed[best]
        if score < (self._threshold if threshold_at is None else np.float32(threshold_at(float(score)))):
            return None
        self._armed[best] = False
        self._since = 0
        looked_back_s = self.window_s + (self.n_smoothing - 1) * self.spec.hop_s
        return Detection(self.labels[best], float(self.smoothed[best]), time_s, max(0.0, time_s - looked_back_s))

    def _average(self) -> np.ndarray:
        """Oldest first, in float32: a fixed order, and no running sum that could drift."""
        total = np.zeros(len(self.labels), dtype=np.float32)
        for probabilities in self._history:
            total += probabilities
        return total / np.float32(len(self._history))
