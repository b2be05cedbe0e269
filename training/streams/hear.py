"""Hear a stream once, as the device does, and keep the class probabilities: all thresholds are tried on these."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

from drsn_keras.edge.bundle import Bundle
from drsn_keras.edge.detector import Detection, Detector
from drsn_keras.edge.listener import KeywordListener
from drsn_keras.model_card import DetectorSpec

from .compose import PlacedWord, Scene


class Evaluation(Protocol):
    """One evaluation of a model: the stream's time, and the class probabilities."""

    time_s: float
    probabilities: np.ndarray


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

    @property
    def words(self) -> list[PlacedWord]:
        """The keywords that were spoken."""
        return [word for scene in self.scenes for word in scene.keywords]

    @property
    def spans_s(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the keywords are spoken: starts and ends [shape=(n_words,)]."""
        spans = np.array([(word.start, word.stop) for word in self.words], float).reshape(-1, 2)
        return spans[:, 0] / self.sample_rate_hz, spans[:, 1] / self.sample_rate_hz

    def detections(self, spec: DetectorSpec) -> list[Detection]:
        """What the device's detector makes of the probabilities."""
        detector = Detector(self.labels, dataclasses.replace(spec, hop_s=self.hop_s), self.window_s)
        found = (detector.update(p, float(t)) for p, t in zip(self.probabilities, self.times_s, strict=True))
        return [detection for detection in found if detection is not None]


def ears_of(bundle: Bundle) -> KeywordListener:
    """The device's own listener; without smoothing, so that its verdicts hold what the model says."""
    return KeywordListener(bundle, dataclasses.replace(bundle.card.detector, smoothing_s=0.0))


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
    kept: list[Scene] = []

    def keep(evaluations: Iterable[Evaluation]) -> None:
        found = list(evaluations)
        times.append(np.array([one.time_s for one in found], float))
        rows.append(np.array([one.probabilities for one in found], np.float32).reshape(len(found), len(labels)))

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
    )
