"""What a signal is amplified by before a denoiser, so that its loud parts lie where those of training lay."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from drsn_keras.model_card import TensorSpec

from .interpreter import QUANTIZED
from .loudness import Loudness

#: A recording of the noise floor alone is not blown up beyond this.
LARGEST_GAIN_DB = 40.0


@dataclasses.dataclass(frozen=True)
class TrainedLevel:
    """Level of the loud parts of training's pieces, as the card's training facts say under ``level``.

    Parameters
    ----------
    loud_db : float
        Level that 95 % of a piece's windows stay below, median over noisy pieces [dB of the model's full scale].
    window_samples : int
        Of a window, at the model's rate.
    """

    loud_db: float
    window_samples: int

    @classmethod
    def of(cls, training: dict[str, Any]) -> TrainedLevel | None:
        """Read from a card's training facts, which are free-form; None where they do not say it."""
        level = training.get("level")
        if not isinstance(level, dict):
            return None
        loud_db, window = level.get("loud_db"), level.get("window_samples")
        number = isinstance(loud_db, int | float) and not isinstance(loud_db, bool) and math.isfinite(loud_db)
        whole = isinstance(window, int) and not isinstance(window, bool) and window > 0
        return cls(float(loud_db), window) if number and whole else None


def gain_db(found: Loudness, trained: TrainedLevel | None, limits: tuple[float, float] | None) -> float:
    """Gain [dB] that brings the loud parts of a signal to the level that they had in training.

    ``trained.loud_db - found.level_db``, at most 40 dB up or down, and no more than leaves the peaks of 99 % of the
    windows inside the integers of the model's input. 0 for silence, and where the card does not say the level.

    Parameters
    ----------
    found : Loudness
        Of the signal, in units of the model's full scale.
    trained : TrainedLevel or None
    limits : (float, float) or None
        Of :func:`input_limits`.

    Examples
    --------
    >>> found = Loudness(4)
    >>> found.push(np.full(8, 0.01))
    >>> round(gain_db(found, TrainedLevel(-20.0, 4), None), 6)
    20.0
    >>> round(gain_db(found, TrainedLevel(-20.0, 4), (-0.05, 0.05)), 6)
    13.9794
    """
    level = found.level_db
    if trained is None or level is None:
        return 0.0
    gain = trained.loud_db - level
    for limit, peak in zip(limits or (), found.extremes, strict=bool(limits)):
        if limit * peak > 0:
            gain = min(gain, 20.0 * math.log10(limit / peak))
    return max(-LARGEST_GAIN_DB, min(LARGEST_GAIN_DB, gain))


def piece_gain_db(y: np.ndarray, trained: TrainedLevel | None, limits: tuple[float, float] | None) -> float:
    """:func:`gain_db` of a whole signal [shape=(n,)] in units of the model's full scale."""
    if trained is None:
        return 0.0
    loudness = Loudness(trained.window_samples)
    loudness.push(y)
    return gain_db(loudness, trained, limits)


def input_limits(spec: TensorSpec) -> tuple[float, float] | None:
    """Between which numbers a model's input only rounds; beyond, it clips. None where it is float.

    >>> input_limits(TensorSpec((1, 8), "int8", 0.5, -28))
    (-50.25, 77.75)
    """
    if spec.dtype not in QUANTIZED:
        return None
    integers = np.iinfo(spec.dtype)
    ends = (integers.min - 0.5, integers.max + 0.5)
    return (ends[0] - spec.zero_point) * spec.scale, (ends[1] - spec.zero_point) * spec.scale
