"""Samples in, verdicts out: front end, ring, model and detector in a row."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Callable

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.frontend import StreamingFrontEnd, frame_features
from drsn_keras.model_card import DetectorSpec
from drsn_keras.noise_thresholds import threshold_at, thresholds_of

from .bundle import Bundle, keyword_front_end, load_bundle
from .detector import Detection, Detector, with_threshold
from .noise_level import noise_level_of
from .ring import FeatureRing
from .step_interpreter import StepInterpreter


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One evaluation of the model.

    Attributes
    ----------
    time_s : float
        Stream time at the end of the window.
    label : str
        The highest smoothed probability, background included.
    score : float
        That probability.
    probabilities : np.ndarray [shape=(n_labels,), float32]
        All smoothed probabilities.
    detection : Detection or None
        What fired at this moment.
    noise_level_db : float or None
        Noise over signal in the window [dB], where the bundle's thresholds tell it and it was asked for.
    threshold : float
        What a word had to reach.
    """

    time_s: float
    label: str
    score: float
    probabilities: np.ndarray = dataclasses.field(compare=False)
    detection: Detection | None = None
    noise_level_db: float | None = None
    threshold: float = dataclasses.field(default=1.0, compare=False)


class KeywordListener:
    """Listens to a stream with the model of a bundle.

    A model of windows is evaluated every ``hop_s`` (the detector's, rounded to whole frames, at least one). Before the
    stream there was digital silence: the window starts out full of its frames, so that a word in the first
    second is heard. A model of streams (its card says ``stream``) is given the frames of a step, as they come, and
    keeps its past in states, which begin as nothing heard. Samples are taken up in blocks of one evaluation, whatever
    the chunks they come in, so that the results do not depend on the chunks, to the last bit, and no chunk waits for
    longer than its block takes to fill.

    Parameters
    ----------
    bundle : Bundle
        One of streams serves one listener at a time: its states are in the interpreter.
    detector : DetectorSpec, optional
        Instead of the card's, and of the thresholds that follow the noise.
    every_noise_level : bool
        Estimate the noise level at every evaluation, not only where a word fires: it costs part of an evaluation.

    Raises
    ------
    BundleError
        If the bundle is one for a machine's vibration.

    Attributes
    ----------
    hop_s : float
        Seconds between evaluations; of a model of streams those of its step.
    window_s : float
        What one evaluation looks at; of a model of streams the length of the clips that it was trained on.
    tail_s : float
        The default silence of :meth:`flush`: half a window, so that the last word comes to its middle, and the
        smoothing.
    """

    def __init__(
        self, bundle: Bundle, detector: DetectorSpec | None = None, *, every_noise_level: bool = False
    ) -> None:
        self.bundle = bundle
        self.noise_level = noise_level_of(bundle)
        self.every_noise_level = every_noise_level
        self.front_end = spec = keyword_front_end(bundle)
        self._noise_steps = bundle.card.noise_thresholds if detector is None else ()
        detector = bundle.card.detector if detector is None else detector
        stream = bundle.card.stream
        self.step_frames = stream["frames"] if stream else max(1, math.floor(detector.hop_s / spec.hop_s + 0.5))
        self.hop_s = self.step_frames * spec.hop_s
        self.window_s = ((spec.n_frames - 1) * spec.hop_length + spec.frame_length) / spec.sample_rate_hz
        self.detector = Detector(bundle.card.labels, dataclasses.replace(detector, hop_s=self.hop_s), self.window_s)
        self.tail_s = self.window_s / 2 + self.detector.n_smoothing * self.hop_s
        silence = frame_features(np.zeros(spec.frame_length), spec)
        # A model of streams is given a step and no more: the ring is full of new frames at every evaluation.
        self.n_frames = self.step_frames if stream else spec.n_frames
        self._ring = FeatureRing(self.n_frames, spec.n_features, fill=silence)
        self._features = StreamingFrontEnd(spec)
        # The first block completes step_frames frames; each later one needs a hop a frame.
        step = self.step_frames * spec.hop_length
        self._block = np.zeros(max(step, step - spec.hop_length + spec.frame_length), dtype=np.float32)
        self.reset()

    def reset(self, start_sample: int = 0) -> None:
        """Forget the stream: silence went before; the next sample is number ``start_sample``, whence time counts."""
        self._features.reset()
        self._ring.reset()
        if isinstance(self.bundle.interpreter, StepInterpreter):
            self.bundle.interpreter.reset()
        self.detector.reset()
        self._start = start_sample
        self._evaluations = 0
        self._filled = 0
        self._needed = (self.step_frames - 1) * self.front_end.hop_length + self.front_end.frame_length

    @property
    def samples_seen(self) -> int:
        """The next sample's number: those pushed since the last reset, and those that went before."""
        return self._samples_at(self._evaluations) + self._filled

    @property
    def evaluated_s(self) -> float:
        """Stream time at the end of the last evaluation."""
        return self._samples_at(self._evaluations) / self.front_end.sample_rate_hz

    def push(self, samples: np.ndarray) -> list[Verdict]:
        """Take samples, give the verdicts that became due.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,), float32, -1 to 1, at the front end's rate]
            Any number, none included.

        Raises
        ------
        DataError
            On another number of axes, NaN or infinity; nothing of the chunk is taken then.
        """
        samples = np.asarray(samples, dtype=np.float32)
        if samples.ndim != 1:
            raise DataError(mismatch("samples", "one axis", f"shape {samples.shape}"))
        if not np.isfinite(samples).all():
            raise DataError(mismatch("samples", "finite numbers", "NaN or infinity"))
        verdicts = []
        while len(samples):
            part = samples[: self._needed - self._filled]
            self._block[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            samples = samples[len(part) :]
            if self._filled == self._needed:
                verdicts.append(self._evaluate())
        return verdicts

    def flush(self, tail_s: float | None = None) -> list[Verdict]:
        """End of the stream: silence follows for ``tail_s`` (default: :attr:`tail_s`), then up to the next evaluation.

        Call :meth:`reset` before another stream.
        """
        n_tail = round((self.tail_s if tail_s is None else tail_s) * self.front_end.sample_rate_hz)
        verdicts = self.push(np.zeros(n_tail, dtype=np.float32))
        if self._filled:
            verdicts += self.push(np.zeros(self._needed - self._filled, dtype=np.float32))
        return verdicts

    def _samples_at(self, evaluations: int) -> int:
        """Samples that the first evaluations have consumed, and those that went before."""
        spec = self.front_end
        if evaluations == 0:
            return self._start
        return self._start + (evaluations * self.step_frames - 1) * spec.hop_length + spec.frame_length

    def _evaluate(self) -> Verdict:
        """The block is full: features, model, detector."""
        spec = self.front_end
        self._ring.push(self._features.push(self._block[: self._filled]))
        self._filled = 0
        self._needed = self.step_frames * spec.hop_length
        self._evaluations += 1
        time_s = self._samples_at(self._evaluations) / spec.sample_rate_hz
        window = self._ring.window()
        noise_db = functools.cache(lambda: self.noise_level.estimate_db(window))
        threshold = functools.partial(self._threshold, noise_db) if self._noise_steps else None
        self._wanted = self.detector.spec.threshold
        detection = self.detector.update(self.bundle.interpreter.run(window), time_s, threshold)
        smoothed = self.detector.smoothed
        best = int(np.argmax(smoothed))
        wanted = self.noise_level is not None and (self.every_noise_level or detection is not None)
        level_db = noise_db() if wanted else None
        return Verdict(
            time_s, self.detector.labels[best], float(smoothed[best]), smoothed, detection, level_db, self._wanted
        )

    def _threshold(self, noise_db: Callable[[], float], score: float) -> float:
        """What a word with this score has to reach in this noise, which is estimated only where that matters."""
        above = self.detector.spec.threshold
        # In float32, as the detector compares.
        if np.float32(score) < np.float32(min(thresholds_of(self._noise_steps, above))):
            return above
        self._wanted = threshold_at(self._noise_steps, noise_db(), above)
        return self._wanted


def open_listener(
    folder: str | os.PathLike[str],
    threads: int = 1,
    threshold: float | None = None,
    *,
    every_noise_level: bool = False,
) -> KeywordListener:
    """The listener of the bundle that lies in a folder now; a ``threshold`` stands for the card's.

    Raises
    ------
    BundleError
        If the bundle is none, or none of words.
    """
    bundle = load_bundle(folder, threads)
    spec = None if threshold is None else with_threshold(bundle.card.detector, threshold)
    return KeywordListener(bundle, spec, every_noise_level=every_noise_level)
