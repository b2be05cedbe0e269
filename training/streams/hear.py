"""Hear a stream once, as the device does, and keep the class probabilities: all thresholds are tried on these."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from drsn_keras.edge.bundle import Bundle
from drsn_keras.edge.detector import Detection, Detector
from drsn_keras.edge.listener import KeywordListener
from drsn_keras.model_card import DetectorSpec
from drsn_keras.noise_thresholds import threshold_at

from .compose import PlacedWord, Scene


class Evaluation(Protocol):
    """One evaluation of a model: the stream's time, the class probabilities, and the noise level where it is told."""

    time_s: float
    probabilities: np.ndarray
    noise_level_db: float | None


class Ears(Protocol):
    """What hears: samples in, evaluations out, whatever is between (windows, or a network with states)."""

    hop_s: float
    window_s: float

    def reset(self) -> None:
        """Begin a stream."""

    def push(self, samples: np.ndarray) -> Iterable[Evaluation]:
        """Take samples, give the evaluations that became due."""

    def flush(self) -> Iterable[Evaluation]:
        """End the stream."""


@dataclasses.dataclass(frozen=True, eq=False)
class Heard:
    """A stream, after it was heard.

    Parameters
    ----------
    split : str
    labels : tuple of str
    hop_s, window_s : float
        Between evaluations; what one looks back on.
    times_s : np.ndarray [shape=(n,)]
    probabilities : np.ndarray [shape=(n, n_labels), float32]
        As the model gives them, not smoothed.
    scenes : tuple of Scene
    duration_s : float
        Of the composed stream.
    seconds : float
        That composing and hearing took.
    sample_rate_hz : int
    noise_db : np.ndarray [shape=(n,)], optional
        The listener's noise level at every evaluation, where the bundle tells it.
    """

    split: str
    labels: tuple[str, ...]
    hop_s: float
    window_s: float
    times_s: np.ndarray
    probabilities: np.ndarray
    scenes: tuple[Scene, ...]
    duration_s: float
    seconds: float
    sample_rate_hz: int
    noise_db: np.ndarray | None = None

    @property
    def words(self) -> list[PlacedWord]:
        """The keywords that were spoken."""
        return [word for scene in self.scenes for word in scene.keywords]

    @property
    def spans_s(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the keywords are spoken: starts and ends [shape=(n_words,)]."""
        spans = np.array([(word.start, word.stop) for word in self.words], float).reshape(-1, 2)
        return spans[:, 0] / self.sample_rate_hz, spans[:, 1] / self.sample_rate_hz

    def detections(self, spec: DetectorSpec, noise_thresholds: Sequence[Sequence[float]] = ()) -> list[Detection]:
        """What the device's detector makes of the probabilities, and of the noise where thresholds follow it."""
        detector = Detector(self.labels, dataclasses.replace(spec, hop_s=self.hop_s), self.window_s)
        found = []
        for row, (p, time_s) in enumerate(zip(self.probabilities, self.times_s.tolist(), strict=True)):
            asked = None
            if noise_thresholds:
                wanted = threshold_at(noise_thresholds, float(self.noise_db[row]), spec.threshold)
                asked = functools.partial(_always, wanted)
            found.append(detector.update(p, time_s, asked))
        return [detection for detection in found if detection is not None]


def _always(threshold: float, score: float) -> float:
    """The same threshold for every score."""
    return threshold


def ears_of(bundle: Bundle) -> KeywordListener:
    """The device's own listener; without smoothing, so that its verdicts hold what the model says, and the noise."""
    spec = dataclasses.replace(bundle.card.detector, smoothing_s=0.0)
    return KeywordListener(bundle, spec, every_noise_level=True)


def hear(
    ears: Ears,
    stream: Iterable[tuple[Scene, np.ndarray]],
    labels: tuple[str, ...],
    split: str,
    sample_rate_hz: int,
    progress: Callable[[float], None] = lambda seconds: None,
) -> Heard:
    """Push scene after scene; of each is kept what is in it and where, not its samples.

    Parameters
    ----------
    progress : called with the seconds of stream heard so far
    """
    began = time.perf_counter()
    ears.reset()
    times: list[np.ndarray] = []
    rows: list[np.ndarray] = []
    levels: list[float | None] = []
    kept: list[Scene] = []

    def keep(evaluations: Iterable[Evaluation]) -> None:
        found = list(evaluations)
        times.append(np.array([one.time_s for one in found], float))
        rows.append(np.array([one.probabilities for one in found], np.float32).reshape(len(found), len(labels)))
        levels.extend(one.noise_level_db for one in found)

    for scene, y in stream:
        keep(ears.push(y))
        kept.append(scene)
        progress(scene.stop / sample_rate_hz)
    keep(ears.flush())
    return Heard(
        split=split,
        labels=labels,
        hop_s=ears.hop_s,
        window_s=ears.window_s,
        times_s=np.concatenate(times),
        probabilities=np.concatenate(rows),
        scenes=tuple(kept),
        duration_s=kept[-1].stop / sample_rate_hz if kept else 0.0,
        seconds=time.perf_counter() - began,
        sample_rate_hz=sample_rate_hz,
        noise_db=None if None in levels else np.array(levels, float),
    )
