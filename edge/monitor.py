"""Samples of a machine in, verdicts out: state, probability, abstention, health."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import Any

import numpy as np

from drsn_keras.errors import BundleError, DataError, mismatch
from drsn_keras.frontend import WindowSpec, window_features
from drsn_keras.machinery.novelty import LEAST_SAMPLES, N_FEATURES, NoveltyModel, novelty_features
from drsn_keras.model_card import CARD_NAME
from drsn_keras.monitor_spec import MonitorSpec

from .bundle import Bundle, window_front_end
from .monitor_quality import CLIPPED, CONSTANT, NAN, window_flag
from .noise_level import noise_level_of

NOVEL, UNSURE = "novel", "unsure"
#: Why a window has no label, in words.
REASONS = {
    NOVEL: "unlike anything trained on",
    UNSURE: "unsure",
    CONSTANT: "constant signal",
    CLIPPED: "clipped sensor",
    NAN: "NaN in the signal",
}


@dataclasses.dataclass(frozen=True)
class MonitorVerdict:
    """One window.

    Attributes
    ----------
    time_s : float
        Stream time at the end of the window.
    label : str or None
        The most probable state; None where the monitor abstains.
    reason : {"novel", "unsure", "constant", "clipped", "nan"} or None
        Why it abstains. The last three are faults of the signal: the model is not asked.
    probability : float or None
        Of ``label``, or the largest of an unsure window; None where the model was not asked or gave no number.
    novelty : float or None
        Distance from what was trained on, by the largest one that passes: above 1 is novel. None for a fault.
    health_percent : float or None
        Moving average of the probability of being sound, over the last ``smoothing`` classified windows; None before
        the first of them, where the last ``smoothing`` windows all abstained (it begins anew then), and where the
        card names no healthy label.
    probabilities : np.ndarray [shape=(n_labels,), float32] or None
        All of them.
    noise_level_db : float or None
        Where the model tells it.
    """

    time_s: float
    label: str | None
    reason: str | None = None
    probability: float | None = None
    novelty: float | None = None
    health_percent: float | None = None
    probabilities: np.ndarray | None = dataclasses.field(default=None, compare=False)
    noise_level_db: float | None = None


class ConditionMonitor:
    """Watches a stream with the model of a bundle.

    The model is evaluated on whole windows only, every ``hop_length`` samples: the first verdict comes when the first
    window is full. Each window is worked on alone, so that the results do not depend on the chunks in which samples
    arrive, to the last bit.

    Parameters
    ----------
    bundle : Bundle
        Whose front end is windows and whose card says how to monitor.

    Attributes
    ----------
    spec : MonitorSpec
    front_end : WindowSpec
    novelty : NoveltyModel

    Raises
    ------
    BundleError
        If it is a bundle of another kind, or the card's parts do not fit each other.
    """

    def __init__(self, bundle: Bundle) -> None:
        source = f"{bundle.folder / CARD_NAME}, monitor"
        self.bundle = bundle
        self.front_end: WindowSpec = window_front_end(bundle)
        if not bundle.card.monitor:
            expected = "what a monitor needs (a bundle of drsn-train vibration has it)"
            raise BundleError(mismatch(source, expected, "nothing"))
        self.spec = MonitorSpec.from_dict(bundle.card.monitor, source)
        self.novelty = NoveltyModel.from_dict(self.spec.novelty, f"{source}, novelty")
        if self.novelty.centroids.shape[1] != N_FEATURES:
            got = self.novelty.centroids.shape[1]
            raise BundleError(mismatch(f"{source}, novelty", f"{N_FEATURES} numbers a centroid", got))
        if self.front_end.n_samples < LEAST_SAMPLES:
            got = self.front_end.n_samples
            raise BundleError(mismatch(f"{source}, novelty", f"windows of {LEAST_SAMPLES} samples or more", got))
        if unknown := [label for label in self.spec.healthy if label not in bundle.card.labels]:
            raise BundleError(mismatch(f"{source}, healthy", f"some of {', '.join(bundle.card.labels)}", unknown[0]))
        self.noise_level = noise_level_of(bundle)
        self._healthy = np.array([label in self.spec.healthy for label in bundle.card.labels])
        self.reset()

    def reset(self) -> None:
        """Forget the stream: time is 0 again."""
        self._samples, self._clipped = np.zeros(0), np.zeros(0, bool)
        self._start = 0
        self._recent: deque[float] = deque(maxlen=self.spec.smoothing)
        self._abstained_in_a_row = 0

    @property
    def samples_seen(self) -> int:
        """Samples pushed since the last reset."""
        return self._start + len(self._samples)

    def push(self, samples: np.ndarray, clipped: np.ndarray | None = None) -> list[MonitorVerdict]:
        """Take samples, give the verdicts of the windows that became full.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,)]
            In the unit and at the rate of the model (``spec.unit``, ``front_end.sample_rate_hz``); any number, none
            included. NaN and infinity are taken and flagged.
        clipped : np.ndarray [shape=(n,), bool], optional
            Samples known to be at the sensor's limits; what converts a rate hides them from this class.

        Raises
        ------
        DataError
            On another number of axes or another length of ``clipped``.
        """
        samples = np.asarray(samples, np.float64)
        clipped = np.zeros(len(samples) if samples.ndim else 0, bool) if clipped is None else np.asarray(clipped, bool)
        if samples.ndim != 1 or clipped.shape != samples.shape:
            raise DataError(mismatch("samples", "one axis, flags of its length", f"{samples.shape}, {clipped.shape}"))
        self._samples = np.concatenate([self._samples, samples])
        self._clipped = np.concatenate([self._clipped, clipped])
        n, hop, verdicts, first = self.front_end.n_samples, self.front_end.hop_length, [], 0
        while first + n <= len(self._samples):
            end_s = (self._start + first + n) / self.front_end.sample_rate_hz
            part = slice(first, first + n)
            verdicts.append(self.judge(self._samples[part], self._clipped[part], end_s))
            first += hop
        # Copies: a view would keep the whole chunk.
        self._samples, self._clipped = self._samples[first:].copy(), self._clipped[first:].copy()
        self._start += first
        return verdicts

    def judge(self, window: np.ndarray, clipped: np.ndarray, time_s: float) -> MonitorVerdict:
        """One window by itself: np.ndarray [shape=(n_samples,), float64], flags of its length, time of its end [s]."""
        if flag := window_flag(window, clipped):
            return self._abstain(time_s, flag)
        features = novelty_features(window, self.front_end.sample_rate_hz)
        novelty = float(self.novelty.distance(features)[0]) / self.novelty.threshold
        if not novelty <= 1.0:
            return self._abstain(time_s, NOVEL, novelty=novelty)
        shown = window_features(window / self.front_end.full_scale, self.front_end)
        probabilities = self.bundle.interpreter.run(shown)
        noise_db = None if self.noise_level is None else self.noise_level.estimate_db(shown)
        if not np.isfinite(probabilities).all():
            return self._abstain(time_s, UNSURE, novelty=novelty)
        best = int(np.argmax(probabilities))
        probability = float(probabilities[best])
        if not probability >= self.spec.min_probability:
            unsure = {"probability": probability, "probabilities": probabilities, "noise_level_db": noise_db}
            return self._abstain(time_s, UNSURE, novelty=novelty, **unsure)
        self._abstained_in_a_row = 0
        self._recent.append(float(probabilities[self._healthy].sum()))
        label = self.bundle.card.labels[best]
        return MonitorVerdict(time_s, label, None, probability, novelty, self._health(), probabilities, noise_db)

    def _abstain(self, time_s: float, reason: str, **known: Any) -> MonitorVerdict:
        self._abstained_in_a_row += 1
        if self._abstained_in_a_row >= self.spec.smoothing:
            self._recent.clear()  # of a machine as it was before
        return MonitorVerdict(time_s, None, reason, health_percent=self._health(), **known)

    def _health(self) -> float | None:
        if not self.spec.healthy or not self._recent:
            return None
        return 100.0 * min(1.0, max(0.0, sum(self._recent) / len(self._recent)))
