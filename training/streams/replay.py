"""The detector's events on stored probabilities, by array arithmetic: hundreds of settings in the time of one pass."""

from __future__ import annotations

import dataclasses

import numpy as np

from drsn_keras.edge.detector import Detector
from drsn_keras.model_card import DetectorSpec


class Replay:
    """Smoothed probabilities of a stream; :meth:`events` are those of :class:`~drsn_keras.edge.detector.Detector`.

    Equal to the last bit: the averages are summed in the detector's order and precision, and its state changes only
    where a word is at the threshold, so that only these evaluations are looked at one by one.

    Parameters
    ----------
    labels : tuple of str
    probabilities : np.ndarray [shape=(n, n_labels), float32]
    spec : DetectorSpec
        Its ``hop_s`` and ``smoothing_s`` count.
    """

    def __init__(self, labels: tuple[str, ...], probabilities: np.ndarray, spec: DetectorSpec) -> None:
        self._labels, self._hop_s = labels, spec.hop_s
        detector = Detector(labels, spec)
        self._n = detector.n_smoothing
        self.smoothed = _averages(probabilities, self._n)
        self._words = np.array(detector.words)
        rows = np.arange(len(self.smoothed))
        self._best = self._words[np.argmax(self.smoothed[:, self._words], axis=1)] if len(rows) else rows
        self._score = self.smoothed[rows, self._best]

    def events(self, spec: DetectorSpec, thresholds: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Evaluations that fire and the labels [shape=(k,), int], with this threshold, release and refractory time.

        ``thresholds`` [shape=(n,)] has one of its own for every evaluation.
        """
        detector = Detector(self._labels, dataclasses.replace(spec, hop_s=self._hop_s))
        wanted = np.asarray(spec.threshold if thresholds is None else thresholds, np.float32)
        candidates = np.flatnonzero(self._score >= wanted)
        candidates = candidates[candidates >= self._n - 1]
        # The last evaluation up to here at which a label was below release.
        released = self._released(np.float32(spec.release), candidates)
        rows: list[int] = []
        labels: list[int] = []
        fired: dict[int, int] = {}
        for row, label, free in zip(candidates.tolist(), self._best[candidates].tolist(), released, strict=True):
            if rows and row - rows[-1] < detector.n_refractory:
                continue
            if label in fired and free <= fired[label]:
                continue
            rows.append(row)
            labels.append(label)
            fired[label] = row
        return np.array(rows, int), np.array(labels, int)

    def _released(self, release: np.float32, candidates: np.ndarray) -> list[int]:
        """Of each candidate: the last evaluation before it at which its label was below release, or -1."""
        last = np.full(len(candidates), -1)
        for label in np.unique(self._best[candidates]):
            mine = self._best[candidates] == label
            below = np.flatnonzero(self.smoothed[:, label] < release)
            place = np.searchsorted(below, candidates[mine])
            last[mine] = np.where(place > 0, below[np.maximum(place - 1, 0)] if len(below) else -1, -1)
        return last.tolist()


def _averages(probabilities: np.ndarray, n: int) -> np.ndarray:
    """Moving average of n evaluations, of fewer at the beginning; oldest first, in float32."""
    p = np.asarray(probabilities, np.float32)
    total = np.zeros_like(p)
    for back in range(min(n, len(p)) - 1, -1, -1):
        total[back:] += p[: len(p) - back]
    counts = np.minimum(np.arange(1, len(p) + 1), n).astype(np.float32)
    return total / counts[:, None]
