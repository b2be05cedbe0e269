"""What ranges of a denoiser are measured on: noisy training pieces, and the steps of streams."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from drsn_keras.edge.loudness import QUANTILE, Loudness
from drsn_keras.frontend import SignalSpec, as_model_input
from drsn_keras.training.denoising.task import DenoiseTask

from .lowering import StreamTwin

PIECES = 60
_SEED = 40_001
#: More steps tell nothing new, and each holds all states.
_MOST_STEPS = 2048
#: Window of the loudness, as far as a piece is long enough for eight of them [s].
_WINDOW_S = 0.032


@dataclasses.dataclass(frozen=True, eq=False)
class NoisyPieces:
    """Training pieces with training's noise, at ratios (or deviations) over all of training's range.

    Parameters
    ----------
    noisy : np.ndarray [shape=(n, *natural_shape), float32]
        In units of full scale.
    spec : SignalSpec
    """

    noisy: np.ndarray
    spec: SignalSpec

    @property
    def inputs(self) -> np.ndarray:
        """As the network takes them [shape=(n, *spec.shape), float32]."""
        return as_model_input(self.noisy, self.spec)

    def describe(self) -> dict[str, Any]:
        """For the model card."""
        return {"pieces": len(self.noisy), "drawn": f"from the training part, seed {_SEED}"}

    def level(self) -> dict[str, Any]:
        """How loud the loud parts are, for the gain of a device; nothing of images."""
        if self.spec.is_image:
            return {}
        window = max(1, self.spec.n_samples // 8)
        if self.spec.sample_rate_hz is not None:
            window = max(1, min(window, round(_WINDOW_S * self.spec.sample_rate_hz)))
        found = []
        for y in self.noisy:
            loudness = Loudness(window)
            loudness.push(y)
            found.append(loudness.level_db)
        levels = [level for level in found if level is not None]
        if not levels:
            return {}
        what = f"RMS that {100 * QUANTILE:g} % of a noisy piece's windows stay below, median over pieces [dB of 1.0]"
        return {"loud_db": round(float(np.median(levels)), 2), "window_samples": window, "what": what}


def draw_pieces(task: DenoiseTask, count: int = PIECES) -> NoisyPieces:
    """Draw and spoil training pieces as a training step does, with a seed of its own."""
    rng = np.random.default_rng(_SEED)
    noisy, _ = task.corruption.spoil(task.material.draw(rng, count), rng)
    return NoisyPieces(np.asarray(noisy, np.float32), task.spec)


def some_steps(twin: StreamTwin, x: np.ndarray, most: int = _MOST_STEPS) -> list[np.ndarray]:
    """Inputs of a step over signals, states as they are in the middle of a signal, of at most so many steps.

    All signals are computed from their beginning to their end; of each every k-th step is kept, from another one on.

    Parameters
    ----------
    twin : StreamTwin
    x : np.ndarray [shape=(n, length, channels)]
        ``length`` is a multiple of ``twin.frames``.
    most : int

    Returns
    -------
    list of np.ndarray
        One for each input.
    """
    count = len(x) * (x.shape[1] // twin.frames)
    every = -(-count // most)
    kept: list[list[np.ndarray]] = []
    for step, (inputs, _) in enumerate(twin.steps(x)):
        rows = np.arange(len(x))[(np.arange(len(x)) + step) % every == 0]
        kept.append([part[rows] for part in inputs])
    return [np.concatenate(parts) for parts in zip(*kept, strict=True)]
